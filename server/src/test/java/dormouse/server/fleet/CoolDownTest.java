package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long a machine is left alone whose wakes fail. */
class CoolDownTest {
    private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");

    @Test
    void doublesFromASecondToAMinuteAndStaysThere() {
        List<Long> pauses = new ArrayList<>();
        CoolDown coolDown = CoolDown.first(NOW);
        for (int i = 0; i < 9; i++) {
            pauses.add(coolDown.left(NOW).toSeconds());
            coolDown = coolDown.next(NOW);
        }
        assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L);
    }

    @Test
    void neverOverflowsHoweverManyFail() {
        CoolDown coolDown = CoolDown.first(NOW);
        for (int i = 1; i < 1000; i++) {
            coolDown = coolDown.next(NOW);
        }
        assertThat(coolDown.failures()).isEqualTo(1000);
        assertThat(coolDown.left(NOW)).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    void runsFromTheFailureAndNotFromTheOneBefore() {
        CoolDown second = CoolDown.first(NOW).next(NOW.plusSeconds(100));
        assertThat(second.until()).isEqualTo(NOW.plusSeconds(102));
    }

    @Test
    void isOverAtItsEndAndNotAnInstantBefore() {
        CoolDown coolDown = CoolDown.first(NOW);
        assertThat(coolDown.left(NOW.plusMillis(999))).isEqualTo(Duration.ofMillis(1));
        assertThat(coolDown.left(NOW.plusMillis(1000))).isEqualTo(Duration.ZERO);
        assertThat(coolDown.left(NOW.plusMillis(5000))).isEqualTo(Duration.ZERO);
    }
}
