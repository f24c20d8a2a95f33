package dormouse.server.control;

import java.time.Duration;
import java.time.Instant;

/** The clock and the alarm, as an argument: a test moves it by hand. Any thread. */
public interface Time {
    /** A running alarm. */
    interface Alarm {
        /** Stops it; no effect once it has gone off. */
        void cancel();
    }

    /** The wall's reading, for what is stored and shown. Microseconds at the finest, as databases keep it. */
    Instant now();

    /** Nanoseconds since some fixed moment, for measuring. */
    long nanos();

    /** Runs {@code action} once after {@code delay}; it must neither block nor throw. */
    Alarm after(Duration delay, Runnable action);

    /** How long it is since a reading of {@link #nanos}. */
    default Duration since(long nanos) {
        return Duration.ofNanos(nanos() - nanos);
    }
}
