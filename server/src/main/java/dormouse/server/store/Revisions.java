package dormouse.server.store;

import org.jdbi.v3.core.Handle;

/**
 * The counters in {@code fleet_revision}.
 *
 * <p>The row {@code latest} is the queue in which commits stand: it stays locked from the moment that a revision is taken
 * until the transaction ends, so that revisions become visible in their order and without a gap.
 */
final class Revisions {
    static final String LATEST = "latest";
    static final String COMPACTED = "compacted";

    /** For those who have no more than a connection. */
    static final String LATEST_SQL = "SELECT revision FROM fleet_revision WHERE counter = 'latest'";

    private static final String TAKE = """
            UPDATE fleet_revision
            SET    revision = revision + :count
            WHERE  counter  = 'latest'
            """;
    private static final String READ = """
            SELECT revision
            FROM   fleet_revision
            WHERE  counter = :counter
            """;
    private static final String RAISE = """
            UPDATE fleet_revision
            SET    revision = :revision
            WHERE  counter  = :counter
            AND    revision < :revision
            """;

    private Revisions() {}

    /** The first of {@code count} revisions that are this transaction's from now on. */
    static long take(Handle handle, int count) {
        handle.createUpdate(TAKE).bind("count", count).execute();
        return read(handle, LATEST) - count + 1;
    }

    static long read(Handle handle, String counter) {
        return handle.createQuery(READ)
                .bind("counter", counter)
                .mapTo(Long.class)
                .one();
    }

    static void raise(Handle handle, String counter, long revision) {
        handle.createUpdate(RAISE)
                .bind("counter", counter)
                .bind("revision", revision)
                .execute();
    }
}
