package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Whole answers of one door that lie in this process because their clients do not read them, in bytes. Streams wait for their
 * clients instead. Asked before a call is served, so that nobody fills the memory with answers that he never takes. Any thread;
 * never waits.
 */
public final class Unread {
    /** Several of the longest pages of a list. */
    static final long MOST_OF_ONE = 4 << 20;

    private final long most;
    private final AtomicLong all = new AtomicLong();

    /** @param most of all connections together; past that, none with anything unread is served */
    public Unread(long most) {
        this.most = most;
    }

    /** A quarter of what this process may have in all. */
    public static Unread ofThisProcess() {
        return new Unread(Runtime.getRuntime().maxMemory() / 4);
    }

    /** In bytes. */
    public long all() {
        return all.get();
    }

    /** For a client that has just come. */
    public Connection connection() {
        return new Connection();
    }

    /** What one client has not read yet. */
    public final class Connection {
        private final AtomicLong mine = new AtomicLong();

        private Connection() {}

        /** Why it is not answered now; null where it is. A client that has read everything always is. */
        public @Nullable Failure refusal() {
            long unread = mine.get();
            return unread > MOST_OF_ONE || (unread > 0 && all.get() > most)
                    ? Failure.retry(
                            Reason.OVERLOADED,
                            unread + " bytes of earlier answers on this connection were not read yet",
                            Duration.ofSeconds(1))
                    : null;
        }

        /** That much waits for it more. */
        public void answered(long bytes) {
            mine.addAndGet(bytes);
            all.addAndGet(bytes);
        }

        /** It has taken that much, or never will. */
        public void taken(long bytes) {
            mine.addAndGet(-bytes);
            all.addAndGet(-bytes);
        }
    }
}
