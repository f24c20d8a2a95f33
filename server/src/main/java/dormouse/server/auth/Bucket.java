package dormouse.server.auth;

import java.time.Duration;

/**
 * A bucket from which each call takes one, and which fills by itself: so many at once, and so many in the long run. The time
 * is an argument. Any thread.
 */
final class Bucket {
    private final int size;
    private final long nanosForOne;
    private long fullAt;

    /**
     * @param size so many at once, from a full bucket
     * @param forOne after so long there is one more
     * @param now in nanoseconds of a clock that does not go back; it begins full
     */
    Bucket(int size, Duration forOne, long now) {
        this.size = size;
        this.nanosForOne = forOne.toNanos();
        this.fullAt = now;
    }

    /** Takes one; zero, or else how long until there is one to take. */
    synchronized Duration take(long now) {
        if (fullAt - now < 0) {
            fullAt = now;
        }
        long missing = fullAt - now;
        long wait = missing + nanosForOne - size * nanosForOne;
        if (wait > 0) {
            return Duration.ofNanos(wait);
        }
        fullAt += nanosForOne;
        return Duration.ZERO;
    }
}
