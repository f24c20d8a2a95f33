package dormouse.server.fleet;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the rows and their history are kept. Every method may block on a database and may throw {@link StoreException};
 * what has returned is on disk.
 */
public interface LlmStore {
    /**
     * @param llms every row, by name
     * @param revision of the latest change
     */
    record Snapshot(List<Llm> llms, long revision) {
        public Snapshot {
            llms = List.copyOf(llms);
        }
    }

    /** Every row, and the revision at which they stand, from one moment. */
    Snapshot load();

    /**
     * Saves all changes, each with its row of the history and with what is declared, in one transaction; or none. What
     * was declared of an Llm goes with its row.
     *
     * @return an event per change, in order, with the revisions given: consecutive, without a gap
     * @throws StaleException where a row is no longer the {@code before} of its change (its revision differs, it is gone,
     *     or a row of a new name is there already)
     */
    List<LlmEvent> commit(List<Change> changes, Instant now);

    /** What the operator says of every PUBLIC Llm, by name. */
    List<Declaration> declarations();

    /** Sets {@code lastHeartbeat} of every row of each session, where that is later than what the row has. No event. */
    void heartbeats(Map<SessionId, Instant> heard);

    /** The history of one Llm, newest first: events with a revision below {@code before}, at most {@code limit}. */
    List<LlmEvent> history(LlmName name, long before, int limit);

    /** What happened after a revision, oldest first, at most {@code limit}; of one Llm, or of all where null. */
    List<LlmEvent> eventsAfter(long revision, @Nullable LlmName name, int limit);

    /** Events up to this revision may be missing: 0 while the history is whole. */
    long compactedRevision();

    /** Forgets events older than {@code before}. Idempotent. */
    void compact(Instant before);
}
