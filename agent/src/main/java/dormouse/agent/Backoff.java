package dormouse.agent;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next try: not at all for the first tries of a row, then a random part ("full jitter") of
 * 1 s, doubling to 30 s, so that a fleet that lost its server together does not come back together. On the loop alone.
 */
final class Backoff {
    private static final long FIRST_MILLIS = 1_000;
    private static final long LARGEST_MILLIS = 30_000;

    private final RandomGenerator random;
    private final int atOnce;
    private int tries;

    /** @param atOnce how many tries of a row go without waiting: one for each address of the server */
    Backoff(RandomGenerator random, int atOnce) {
        this.random = random;
        this.atOnce = atOnce;
    }

    Duration next() {
        int waited = tries++ - atOnce;
        if (waited < 0) {
            return Duration.ZERO;
        }
        long bound = Math.min(LARGEST_MILLIS, FIRST_MILLIS << Math.min(waited, 10));
        return Duration.ofMillis(random.nextLong(bound + 1));
    }

    void reset() {
        tries = 0;
    }
}
