package dormouse.server.control;

import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.UsageStore;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forgets, once an hour, tasks that are older than they are to be kept. Apart from the {@link Sweep} and not on the lane:
 * on a busy server an hour is tens of thousands of rows, and no Llm should wait for that. Idempotent.
 */
public final class UsageSweep {
    private static final Logger log = LoggerFactory.getLogger(UsageSweep.class);
    private static final Duration FIRST = Duration.ofMinutes(1);
    private static final Duration EVERY = Duration.ofHours(1);

    private final UsageStore store;
    private final Duration retention;
    private final Time time;
    private final Executor blocking;
    private volatile boolean stopped;

    /**
     * @param retention how long tasks are kept; zero: not at all
     * @param blocking where it may wait for the database
     */
    public UsageSweep(UsageStore store, Duration retention, Time time, Executor blocking) {
        this.store = store;
        this.retention = retention;
        this.time = time;
        this.blocking = blocking;
    }

    /** Begins. */
    public void start() {
        after(FIRST);
    }

    /** Nothing begins any more; what runs ends by itself. */
    public void stop() {
        stopped = true;
    }

    private void after(Duration pause) {
        time.after(pause, () -> {
            if (!stopped) {
                try {
                    blocking.execute(this::forget);
                } catch (RejectedExecutionException e) {
                    log.debug("usage is forgotten later: too much waits for the database");
                }
                after(EVERY);
            }
        });
    }

    private void forget() {
        try {
            store.forget(time.now().minus(retention));
        } catch (StoreException e) {
            log.debug("usage is forgotten later cause={}", e.getMessage());
        }
    }
}
