package dormouse.server.store;

import dormouse.server.fleet.AuditEntry;
import dormouse.server.fleet.AuditStore;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Who did what, in the table {@code audit}. Any thread; blocks. */
final class JdbiAuditStore implements AuditStore {
    private static final String INSERT = """
            INSERT INTO audit ( event_time,  actor,  action,  subject,  detail)
            VALUES            (:event_time, :actor, :action, :subject, :detail)
            """;
    private static final String NEWEST = """
            SELECT   *
            FROM     audit
            ORDER BY event_time DESC
            FETCH FIRST :limit ROWS ONLY
            """;
    /** How many rows are forgotten in one transaction: none holds its locks for long, or takes longer than it may. */
    private static final int FORGOTTEN = 1000;

    private static final String OLDEST = """
            SELECT MAX(event_time) AS last_time
            FROM   (SELECT   event_time
                    FROM     audit
                    WHERE    event_time < :before
                    ORDER BY event_time
                    FETCH FIRST :limit ROWS ONLY) oldest
            """;
    private static final String FORGET = """
            DELETE FROM audit
            WHERE  event_time <= :last
            """;

    private final Transactions transactions;

    JdbiAuditStore(Transactions transactions) {
        this.transactions = transactions;
    }

    /** In the transaction of whatever it tells of. */
    static void insert(Handle handle, List<AuditEntry> entries) {
        PreparedBatch batch = handle.prepareBatch(INSERT);
        for (AuditEntry entry : entries) {
            batch.bind("event_time", entry.time())
                    .bind("actor", entry.actor())
                    .bind("action", entry.action())
                    .bind("subject", entry.subject())
                    .bind("detail", entry.detail())
                    .add();
        }
        batch.execute();
    }

    @Override
    public void record(List<AuditEntry> entries) {
        if (!entries.isEmpty()) {
            transactions.transaction("write the audit", handle -> {
                insert(handle, entries);
                return entries;
            });
        }
    }

    @Override
    public List<AuditEntry> newest(int limit) {
        return transactions.statement(
                "read the audit",
                handle -> handle.createQuery(NEWEST)
                        .bind("limit", limit)
                        .map((row, context) -> new AuditEntry(
                                Times.get(row, "event_time"),
                                row.getString("actor"),
                                row.getString("action"),
                                row.getString("subject"),
                                row.getString("detail")))
                        .list());
    }

    @Override
    public void forget(Instant before) {
        boolean more = true;
        while (more) {
            more = transactions.transaction("forget the audit", handle -> forget(handle, before));
        }
    }

    /** A slice of them; false where there was none. */
    private static boolean forget(Handle handle, Instant before) {
        Optional<Instant> last = handle.createQuery(OLDEST)
                .bind("before", before)
                .bind("limit", FORGOTTEN)
                .map((row, context) -> Optional.ofNullable(Times.getOrNull(row, "last_time")))
                .one();
        last.ifPresent(time -> handle.createUpdate(FORGET).bind("last", time).execute());
        return last.isPresent();
    }
}
