package dormouse.cli;

import com.google.protobuf.Timestamp;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Times and durations, from the contract's form to a person's and a program's. */
final class Times {
    private Times() {}

    static Instant instant(Timestamp time) {
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }

    /** RFC 3339, in UTC. */
    static String rfc3339(Timestamp time) {
        return instant(time).toString();
    }

    /** Exact, without an exponent or trailing zeros: {@code 40}, {@code 0.35}. */
    static BigDecimal seconds(com.google.protobuf.Duration duration) {
        BigDecimal seconds = BigDecimal.valueOf(duration.getSeconds())
                .add(BigDecimal.valueOf(duration.getNanos(), 9))
                .stripTrailingZeros();
        return seconds.scale() < 0 ? seconds.setScale(0) : seconds;
    }

    /** How long ago, in the largest unit that is not 0: {@code 12s 3m 2h 5d}. A time to come is {@code 0s}. */
    static String ago(@Nullable Timestamp time, Instant now) {
        if (time == null) {
            return "-";
        }
        Duration age = Duration.between(instant(time), now);
        long seconds = Math.max(0, age.toSeconds());
        if (seconds < 120) {
            return seconds + "s";
        }
        if (seconds < 120 * 60) {
            return seconds / 60 + "m";
        }
        return seconds < 48 * 3600 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
    }

    /** For a sentence: {@code 0.4 s}, {@code 12 s}, {@code 3 min 20 s}. */
    static String spoken(Duration duration) {
        long seconds = duration.toSeconds();
        if (duration.toMillis() < 1_000) {
            return "0." + duration.toMillis() / 100 + " s";
        }
        if (seconds < 120) {
            return seconds + " s";
        }
        return seconds % 60 == 0 ? seconds / 60 + " min" : seconds / 60 + " min " + seconds % 60 + " s";
    }

    /** As {@link #spoken}, rounded up to a whole second: a wait that is surely long enough. */
    static String spokenWait(Duration wait) {
        return spoken(Duration.ofSeconds(Math.max(1, wait.plusNanos(999_999_999).toSeconds())));
    }
}
