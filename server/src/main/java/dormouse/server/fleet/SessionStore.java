package dormouse.server.fleet;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Where sessions are kept. Every method may block and may throw {@link StoreException}. */
public interface SessionStore {
    /**
     * @param tokenHash SHA-256 of the resume token, in lower-case hex
     * @param epoch of its latest stream
     */
    record Session(
            SessionId id,
            String tokenHash,
            long epoch,
            String agentName,
            String agentVersion,
            String principal,
            String instanceId,
            Instant createTime,
            Instant lastSeen) {}

    Optional<Session> find(SessionId id);

    /** Sessions in order of their ids, at most {@code limit}, from after {@code id}; from the first where that is empty. */
    List<Session> after(String id, int limit);

    /** @throws StaleException where the id is taken */
    void create(Session session);

    /**
     * Gives the session's next stream its epoch, {@code expected + 1}, and notes who opened it.
     *
     * @return false where another stream was quicker: the epoch is no longer {@code expected}, or the session is gone
     */
    boolean advance(SessionId id, long expected, String agentName, String agentVersion, String instanceId, Instant now);

    /** Forgets sessions that were last seen before {@code before} and own no row. Idempotent. */
    void purge(Instant before);
}
