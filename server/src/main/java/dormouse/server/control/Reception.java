package dormouse.server.control;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.SessionId;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who hears what an agent says of itself: {@link AgentSessions} of those that come through the door, {@link HouseSession}
 * of the one inside this server. Which of the two is decided by where its stream came in, never by what it says. Any
 * thread; no method blocks.
 */
public interface Reception {
    /** The session's stream, or null where it has none. */
    @Nullable
    AttachedAgent find(SessionId session);

    /**
     * The first {@code Register} of a stream. The answer comes on the lane, when it is on disk; or at once where too many wait
     * there already; or never, where the stream has ended meanwhile.
     *
     * @param line not attached yet
     */
    void attach(Registration registration, AgentLine line, Consumer<Registered> answer);

    /** A later {@code Register} of an attached stream: the set of names that it publishes from now on. */
    void publish(AttachedAgent agent, Registration registration, Consumer<Registered> answer);

    /** Anything at all has come from the agent. */
    void heard(AttachedAgent agent);

    /** A heartbeat, with what it says of each Llm. */
    void heartbeat(AttachedAgent agent, Map<LlmName, AttachedAgent.Report> reports, int activeTasks);

    /**
     * The stream has ended.
     *
     * @param mayReturn it was lost, so that the agent may be back in a moment
     */
    void disconnected(AttachedAgent agent, String why, boolean mayReturn);

    /** Something came from a stream that has ended for this server; it is dropped. */
    void late();

    /** The agent leaves on purpose. */
    void goodbye(AttachedAgent agent);
}
