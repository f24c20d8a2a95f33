package dormouse.server.fleet;

import java.time.Duration;

/** Spans of time as errors say them. */
public final class Spans {
    private Spans() {}

    /** {@code 200 ms}, {@code 12 s}, {@code 12.5 s}. */
    public static String say(Duration span) {
        long millis = span.toMillis();
        if (millis < 1_000) {
            return millis + " ms";
        }
        return millis % 1_000 == 0 ? millis / 1_000 + " s" : millis / 1_000 + "." + millis % 1_000 / 100 + " s";
    }
}
