package dormouse.server.relay;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.Llm;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row with what only the running server knows of its Llm.
 *
 * @param activeTasks that run now
 * @param queuedTasks that wait for their turn
 * @param lastHeartbeat the last sign of life of its agent, on disk yet or not; null where there was none, or no agent
 * @param expectedWake how long a wake takes; null where that is not known
 */
public record Live(
        Llm llm,
        int activeTasks,
        int queuedTasks,
        @Nullable Instant lastHeartbeat,
        @Nullable Duration expectedWake) {

    /** Where that is known: the same for every edge. Any thread. */
    public record Source(AgentSessions sessions, Wakes wakes, Relay relay) {
        /** As it stands now. */
        public Live of(Llm llm) {
            AttachedAgent agent = llm.owner() == null ? null : sessions.agentOf(llm);
            Instant stored = llm.lastHeartbeat();
            return new Live(
                    llm,
                    relay.running(llm.name()),
                    relay.queued(llm.name()),
                    agent != null && (stored == null || agent.heard().isAfter(stored)) ? agent.heard() : stored,
                    wakes.expected(llm.name()));
        }
    }

    /** As its row says, where the rest is unknown: of a change that is past. */
    public static Live past(Llm llm) {
        return new Live(llm, 0, 0, llm.lastHeartbeat(), null);
    }
}
