package dormouse.agent;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The one thread on which an agent lives, with its clock. Tasks run one after another, in the order of their coming.
 *
 * <p>{@link #execute} may be called from any thread; the rest on the loop alone. Tests give a loop that they move by hand.
 */
interface Loop extends Executor {
    /** A clock for measuring spans; its zero means nothing. */
    long nanoTime();

    /** Runs the task on the loop once the delay has passed. */
    Timer after(Duration delay, Runnable task);

    /** How long it is since an earlier reading of {@link #nanoTime}. */
    default Duration since(long nanos) {
        return Duration.ofNanos(nanoTime() - nanos);
    }

    /** A task that waits for its time. */
    interface Timer {
        /** Does nothing where the task has run. */
        void cancel();
    }
}
