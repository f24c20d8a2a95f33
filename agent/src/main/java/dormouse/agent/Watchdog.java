package dormouse.agent;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Calls once when nothing has touched it for a while. A touch costs one reading of the clock: the timer that is set
 * already finds out by itself that it came too early, and is set anew for the rest. On the loop alone.
 */
final class Watchdog {
    private final Loop loop;
    private final long patience;
    private final Runnable alarm;
    private long touched;
    private boolean watching;
    private Loop.@Nullable Timer timer;

    Watchdog(Loop loop, Duration patience, Runnable alarm) {
        this.loop = loop;
        this.patience = Math.max(1, patience.toNanos());
        this.alarm = alarm;
    }

    /** Begins, or begins anew, to count. */
    void touch() {
        touched = loop.nanoTime();
        watching = true;
        if (timer == null) {
            timer = loop.after(Duration.ofNanos(patience), this::look);
        }
    }

    /** Stops to count until the next touch. */
    void pause() {
        watching = false;
    }

    void close() {
        watching = false;
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void look() {
        timer = null;
        if (!watching) {
            return;
        }
        long left = patience - (loop.nanoTime() - touched);
        if (left > 0) {
            timer = loop.after(Duration.ofNanos(left), this::look);
        } else {
            watching = false;
            alarm.run();
        }
    }
}
