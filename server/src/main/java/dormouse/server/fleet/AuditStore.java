package dormouse.server.fleet;

import java.time.Instant;
import java.util.List;

/** Where it is kept who did what, beside the history of the Llms. Every method may block and may throw {@link StoreException}. */
public interface AuditStore {
    /** Keeps these, all or none. */
    void record(List<AuditEntry> entries);

    /** The newest, newest first, at most {@code limit}. */
    List<AuditEntry> newest(int limit);

    /** Forgets what is older than {@code before}. Idempotent. */
    void forget(Instant before);
}
