package dormouse.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A moment as a person writes it: so long ago, a day (its beginning, in UTC), or a time as RFC 3339 has it. */
final class Moment {
    static final String FORMS = "7d, 12h, 30m, 2026-11-20 (UTC) or 2026-11-20T08:30:00Z";

    private static final Pattern AGO = Pattern.compile("(\\d{1,9})([dhms])");

    private Moment() {}

    /** @throws Failure naming the option, the value and the rule */
    static Instant parse(String option, String text, Instant now) {
        try {
            Matcher ago = AGO.matcher(text);
            if (ago.matches()) {
                return now.minus(duration(Long.parseLong(ago.group(1)), ago.group(2)));
            }
            return text.contains("T")
                    ? OffsetDateTime.parse(text).toInstant()
                    : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException e) {
            throw Failure.usage(option + " \"" + Printable.line(text) + "\" is not a time (" + FORMS + ")");
        }
    }

    /** A span of time from now on, as {@code 90d}. */
    static Duration span(String option, String text) {
        Matcher span = AGO.matcher(text);
        Duration duration = span.matches() ? duration(Long.parseLong(span.group(1)), span.group(2)) : Duration.ZERO;
        if (duration.isZero()) {
            throw Failure.usage(
                    option + " \"" + Printable.line(text) + "\" is not a time from now on (90d, 12h, 30m, 45s)");
        }
        return duration;
    }

    private static Duration duration(long amount, String unit) {
        return switch (unit) {
            case "d" -> Duration.ofDays(amount);
            case "h" -> Duration.ofHours(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofSeconds(amount);
        };
    }
}
