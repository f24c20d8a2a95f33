package dormouse.server.control;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * New sessions of which nothing was heard since, by process. A process that asks for a new session, and never said a word in
 * the one that it was given a moment ago, has not heard of that one: it had given up waiting. Any thread.
 */
final class Ghosts {
    private final Map<String, AttachedAgent> unheard = new ConcurrentHashMap<>();

    /** A session is new. */
    void opened(AttachedAgent agent) {
        if (!agent.instance().isEmpty()) {
            unheard.put(agent.instance(), agent);
        }
    }

    /** It is none: it has spoken, goes on in another stream, or is gone. */
    void laid(AttachedAgent agent) {
        unheard.remove(agent.instance(), agent);
    }

    /** The one that this registration's process has never heard of; or null. */
    @Nullable
    AttachedAgent of(Registration registration) {
        AttachedAgent ghost = registration.session() == null ? unheard.get(registration.instanceId()) : null;
        return ghost != null
                        && ghost.principal().equals(registration.principal())
                        && ghost.name().equals(registration.agentName())
                ? ghost
                : null;
    }
}
