package dormouse.server.fleet;

import java.time.Duration;
import java.time.Instant;

/**
 * How long a broken machine is left alone after a wake that failed: 1 s, doubled with each failure in a row, at most
 * 60 s (rule 9).
 *
 * @param failures in a row, at least 1
 * @param until from when the next infer may try again
 */
public record CoolDown(int failures, Instant until) {
    private static final Duration LONGEST = Duration.ofSeconds(60);

    /** After the first failure. */
    public static CoolDown first(Instant now) {
        return after(1, now);
    }

    /** After one more. */
    public CoolDown next(Instant now) {
        return after(failures + 1, now);
    }

    private static CoolDown after(int failures, Instant now) {
        return new CoolDown(failures, now.plus(pause(failures)));
    }

    /** How long it is after so many failures in a row, at least 1. */
    public static Duration pause(int failures) {
        Duration pause = failures > 6 ? LONGEST : Duration.ofSeconds(1L << (failures - 1));
        return pause.compareTo(LONGEST) > 0 ? LONGEST : pause;
    }

    /** What is left of it; zero when it is over. */
    public Duration left(Instant now) {
        return now.isBefore(until) ? Duration.between(now, until) : Duration.ZERO;
    }
}
