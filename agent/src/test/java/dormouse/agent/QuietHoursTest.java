package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuietHoursTest {
    /** Clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25. */
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static @Nullable Duration left(String hours, ZonedDateTime now) {
        QuietHours quiet = QuietHours.parse(hours);
        assertThat(quiet).isNotNull();
        return quiet.left(now);
    }

    private static @Nullable Duration left(String hours, String wall) {
        return left(hours, LocalDateTime.parse(wall).atZone(BERLIN));
    }

    @ParameterizedTest
    @CsvSource({
        "23:00-07:00, 2026-06-10T22:59:59,",
        "23:00-07:00, 2026-06-10T23:00:00, PT8H",
        "23:00-07:00, 2026-06-11T00:00:00, PT7H",
        "23:00-07:00, 2026-06-11T06:59:59, PT1S",
        "23:00-07:00, 2026-06-11T07:00:00,",
        "12:30-14:00, 2026-06-10T12:29:59,",
        "12:30-14:00, 2026-06-10T12:30:00, PT1H30M",
        "12:30-14:00, 2026-06-10T14:00:00,",
        "00:00-23:59, 2026-06-10T00:00:00, PT23H59M",
        "22:00-00:00, 2026-06-10T23:00:00, PT1H",
        "22:00-00:00, 2026-06-11T00:00:00,",
    })
    void they_last_from_their_beginning_to_before_their_end(String hours, String wall, @Nullable Duration left) {
        assertThat(left(hours, wall)).isEqualTo(left);
    }

    @Test
    void a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() {
        assertThat(left("23:00-07:00", "2026-03-28T23:00:00")).isEqualTo(Duration.ofHours(7));
        assertThat(left("23:00-07:00", "2026-10-24T23:00:00")).isEqualTo(Duration.ofHours(9));
    }

    @Test
    void an_end_that_the_clock_jumps_over_is_the_moment_of_the_jump() {
        assertThat(left("23:00-02:30", "2026-03-29T01:59:00")).isEqualTo(Duration.ofMinutes(1));
        assertThat(left("23:00-02:30", "2026-03-29T03:00:00")).isNull();
    }

    @Test
    void a_beginning_that_the_clock_jumps_over_is_the_moment_of_the_jump() {
        assertThat(left("02:30-04:00", "2026-03-29T01:59:59")).isNull();
        assertThat(left("02:30-04:00", "2026-03-29T03:00:00")).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void an_hour_that_comes_twice_is_quiet_both_times_and_in_between() {
        ZonedDateTime first = LocalDateTime.parse("2026-10-25T02:15:00").atZone(BERLIN);
        ZonedDateTime second = first.withLaterOffsetAtOverlap();

        assertThat(left("23:00-02:30", first)).isEqualTo(Duration.ofMinutes(75));
        assertThat(left("23:00-02:30", first.plusMinutes(30))).isEqualTo(Duration.ofMinutes(45));
        assertThat(left("23:00-02:30", second)).isEqualTo(Duration.ofMinutes(15));
        assertThat(left("02:30-04:00", first.plusMinutes(15))).isEqualTo(Duration.ofMinutes(150));
    }

    @Test
    void they_are_meant_in_the_machines_own_zone() {
        ZonedDateTime evening = LocalDateTime.parse("2026-06-10T22:30:00").atZone(ZoneId.of("UTC"));

        assertThat(left("23:00-07:00", evening)).isNull();
        assertThat(left("23:00-07:00", evening.withZoneSameInstant(BERLIN))).isEqualTo(Duration.ofMinutes(390));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "late", "23:00", "23:00-24:00", "7:00-8:00", "23:00-07:00 ", "09:00-09:00", "23:60-07:00"})
    void what_is_not_so_written_is_none(String text) {
        assertThat(QuietHours.parse(text)).isNull();
    }
}
