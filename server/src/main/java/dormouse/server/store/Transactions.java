package dormouse.server.store;

import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.StoreClock;
import dormouse.server.fleet.StoreException;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Runs work on a connection, and says in {@code fleet}'s words what went wrong. A transaction that the database has
 * rolled back because it stood in another's way is run again; one of which the fate is unknown never is.
 */
final class Transactions {
    private static final int ATTEMPTS = 5;
    /** Serialization failure; deadlock (PostgreSQL); row changed by another (H2). The database has rolled back. */
    private static final Set<String> IN_THE_WAY = Set.of("40001", "40P01", "90131");

    private static final String UNIQUE_VIOLATION = "23505";

    /**
     * H2 has closed the file under all connections at once (no room on the disk, a thread that was interrupted while it
     * wrote): closed; connection broken; write failed; no space; general error.
     */
    private static final Set<String> CLOSED = Set.of("90098", "90067", "90028", "90031", "90100", "HY000");

    /** What runs has so long to end before a copy; what comes meanwhile has so long to wait. Longer than any statement. */
    private static final long PATIENCE_SECONDS = 15;

    private final Jdbi jdbi;
    private final Runnable reconnect;
    private final StoreClock clock;
    private final ReentrantReadWriteLock pause = new ReentrantReadWriteLock(true);

    /** @param reconnect drops the connections there are, so that the next work gets a new one */
    Transactions(Jdbi jdbi, Runnable reconnect, StoreClock clock) {
        this.jdbi = jdbi;
        this.reconnect = reconnect;
        this.clock = clock;
    }

    /**
     * One statement, which needs no transaction around it.
     *
     * @param what this is for, as an infinitive
     */
    <T> T statement(String what, Function<Handle, T> work) {
        return attempt(what, () -> jdbi.withHandle(work::apply));
    }

    /** Several statements, all or none. */
    <T> T transaction(String what, Function<Handle, T> work) {
        return attempt(what, () -> jdbi.inTransaction(work::apply));
    }

    /**
     * Runs {@code work} while nothing else does: what has begun has ended, what comes waits.
     *
     * @throws StoreException where what had begun did not end
     */
    <T> T alone(String what, Supplier<T> work) {
        return holding(pause.writeLock(), what, work);
    }

    private static <T> T holding(Lock lock, String what, Supplier<T> work) {
        try {
            if (!lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                String busy = "it is busy for more than " + PATIENCE_SECONDS + " s";
                throw new StoreException("database: can't " + what + ": " + busy, new TimeoutException(busy));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("database: can't " + what + ": interrupted", e);
        }
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Runs {@code insert}.
     *
     * @throws StaleException where the key is taken
     */
    static void inserting(String key, Runnable insert) {
        try {
            insert.run();
        } catch (JdbiException e) {
            if (Failures.sqlState(e).equals(UNIQUE_VIOLATION)) {
                throw new StaleException(key + " is there already");
            }
            throw e;
        }
    }

    private <T> T attempt(String what, Supplier<T> work) {
        Runnable ended = clock.begin(what);
        try {
            return holding(pause.readLock(), what, () -> repeat(what, work));
        } finally {
            ended.run();
        }
    }

    private <T> T repeat(String what, Supplier<T> work) {
        for (int attempt = 1; ; attempt++) {
            try {
                return work.get();
            } catch (JdbiException e) {
                String state = Failures.sqlState(e);
                if (attempt < ATTEMPTS && IN_THE_WAY.contains(state)) {
                    continue;
                }
                if (CLOSED.contains(state)) {
                    reconnect.run();
                }
                throw new StoreException("database: can't " + what + ": " + Failures.line(e), e);
            }
        }
    }
}
