package dormouse.agent;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A span of each day, by the clock on the wall; over midnight where it ends before it begins. Where the clocks change
 * in between, it is so much longer or shorter: an hour that comes twice belongs to it both times, and an end that the
 * clock jumps over is the moment of the jump.
 */
public record QuietHours(LocalTime from, LocalTime to) {
    private static final Pattern FORM = Pattern.compile("((?:[01]\\d|2[0-3]):[0-5]\\d)-((?:[01]\\d|2[0-3]):[0-5]\\d)");

    public QuietHours {
        if (from.equals(to)) {
            throw new IllegalArgumentException("quiet hours begin and end at " + from);
        }
    }

    /** Of {@code 23:00-07:00}; null where it isn't written so, or begins when it ends. */
    static @Nullable QuietHours parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches() || form.group(1).equals(form.group(2))) {
            return null;
        }
        return new QuietHours(LocalTime.parse(form.group(1)), LocalTime.parse(form.group(2)));
    }

    /** How long they still last; null outside of them. */
    @Nullable
    Duration left(ZonedDateTime now) {
        LocalDate today = now.toLocalDate();
        Duration yesterdays = left(today.minusDays(1), now);
        return yesterdays != null ? yesterdays : left(today, now);
    }

    private @Nullable Duration left(LocalDate day, ZonedDateTime now) {
        Instant begin = instant(day.atTime(from), now.getZone(), false);
        LocalDate lastDay = to.isAfter(from) ? day : day.plusDays(1);
        Instant end = instant(lastDay.atTime(to), now.getZone(), true);
        Instant at = now.toInstant();
        return at.isBefore(begin) || !at.isBefore(end) ? null : Duration.between(at, end);
    }

    private static Instant instant(LocalDateTime wall, ZoneId zone, boolean later) {
        ZoneOffsetTransition change = zone.getRules().getTransition(wall);
        if (change == null) {
            return wall.atZone(zone).toInstant();
        }
        if (change.isGap()) {
            return change.getInstant();
        }
        return wall.toInstant(later ? change.getOffsetAfter() : change.getOffsetBefore());
    }
}
