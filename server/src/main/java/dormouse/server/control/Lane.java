package dormouse.server.control;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what is handed to it one after the other, in order, on threads of {@code executor}. Everything that decides about
 * the fleet runs here, so that a decision is never made on a row that another one is changing; what runs here may wait
 * for the database, so no transport thread may. Any thread may hand something over.
 *
 * <p>What agents cause is bounded by their number: one registration, one report and one loss per stream at a time. What
 * clients cause, as often as they like, is handed over by {@link #offer}, which refuses when too much waits.
 */
public final class Lane {
    private static final Logger log = LoggerFactory.getLogger(Lane.class);

    private final Executor executor;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean running;

    /** @param executor may run things on the caller's thread, as tests do */
    public Lane(Executor executor) {
        this.executor = executor;
    }

    /** Runs {@code job} after all that was handed over before. */
    public void run(Runnable job) {
        synchronized (this) {
            waiting.add(job);
            if (running) {
                return;
            }
            running = true;
        }
        executor.execute(this::drain);
    }

    /** Runs {@code job} after all that was handed over before; or, where {@code most} wait already, never: then false. */
    public boolean offer(Runnable job, int most) {
        synchronized (this) {
            if (waiting.size() >= most) {
                return false;
            }
        }
        run(job);
        return true;
    }

    private void drain() {
        while (true) {
            Runnable job;
            synchronized (this) {
                job = waiting.poll();
                if (job == null) {
                    running = false;
                    return;
                }
            }
            try {
                job.run();
            } catch (Throwable e) { // an Error too: nothing would run on this lane any more
                tell(e);
            }
        }
    }

    private static void tell(Throwable failure) {
        try {
            log.error("a lifecycle event was not carried out", failure);
        } catch (Throwable again) {
            // there is no room even to say it; what waits goes on
        }
    }
}
