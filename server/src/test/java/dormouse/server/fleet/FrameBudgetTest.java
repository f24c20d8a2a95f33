package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FrameBudgetTest {
    private static final long SECOND = 1_000_000_000;

    private long now = -3 * SECOND; // such a clock may stand anywhere
    private final FrameBudget budget = new FrameBudget(1000, now);

    /** How many of so many are taken at this moment. */
    private int taken(int asked) {
        int taken = 0;
        for (int i = 0; i < asked; i++) {
            taken += budget.take(now) ? 1 : 0;
        }
        return taken;
    }

    @Test
    void fiveSecondsWorthMayComeAtOnce() {
        assertThat(taken(10_000)).isEqualTo(5000);
        assertThat(taken(1)).isZero();
    }

    @Test
    void inTheLongRunAsManyAsTheRateAllows() {
        taken(5000);
        int taken = 0;
        for (int second = 0; second < 100; second++) {
            now += SECOND;
            taken += taken(1500);
        }
        assertThat(taken).isEqualTo(100_000);
    }

    @Test
    void whoKeepsToTheRateIsNeverRefused() {
        for (int i = 0; i < 1_000_000; i++) {
            now += SECOND / 1000;
            assertThat(budget.take(now)).isTrue();
        }
    }

    @Test
    void aLongSilenceIsNotSavedUp() {
        now += 3600 * SECOND;
        assertThat(taken(10_000)).isEqualTo(5000);
    }

    @Test
    void aRateAboveWhatTheClockCanTellIsNoRate() {
        FrameBudget endless = new FrameBudget(Integer.MAX_VALUE, now);
        assertThat(endless.take(now)).isTrue();
    }
}
