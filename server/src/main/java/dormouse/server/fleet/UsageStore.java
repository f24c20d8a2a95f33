package dormouse.server.fleet;

import java.time.Instant;
import java.util.List;

/** Where it is kept who used which Llm for what: a row a task. Every method may block and may throw {@link StoreException}. */
public interface UsageStore {
    /** Keeps these, all or none. Idempotent: a task that is there already, by its id and end, is there once. */
    void record(List<TaskRecord> tasks);

    /** The sums, at most {@code limit}, in order of day, Llm and caller. */
    List<UsageSum> sum(UsageQuery query, int limit);

    /** Forgets tasks that ended before {@code before}. Idempotent. */
    void forget(Instant before);
}
