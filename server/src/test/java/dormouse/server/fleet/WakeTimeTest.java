package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is expected of the next wake after those that were seen. */
class WakeTimeTest {
    private static WakeTime after(double... seconds) {
        WakeTime time = WakeTime.UNKNOWN;
        for (double took : seconds) {
            time = time.and(Duration.ofMillis(Math.round(took * 1000)));
        }
        return time;
    }

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Test
    void beforeTheFirstNobodyKnows() {
        assertThat(WakeTime.UNKNOWN.expected()).isNull();
    }

    @Test
    void theFirstIsExpectedAgain() {
        assertThat(after(40).expected()).isEqualTo(seconds(40));
    }

    @Test
    void whileThereAreFewTheLongestIsExpected() {
        assertThat(after(40, 30).expected()).isEqualTo(seconds(40));
        assertThat(after(40, 30, 50).expected()).isEqualTo(seconds(50));
    }

    @Test
    void oneFreakAmongTheLastFiveIsNotExpectedAgain() {
        assertThat(after(40, 41, 42, 600).expected()).isEqualTo(seconds(42));
        assertThat(after(600, 40, 41, 42, 43).expected()).isEqualTo(seconds(43));
        assertThat(after(0.2, 40, 41, 42, 43).expected()).isEqualTo(seconds(42));
    }

    @Test
    void aMachineThatHasGotSlowerIsKnownToBeSoAfterTwoWakes() {
        assertThat(after(10, 10, 10, 10, 10, 60).expected()).isEqualTo(seconds(10));
        assertThat(after(10, 10, 10, 10, 10, 60, 60).expected()).isEqualTo(seconds(60));
    }

    @Test
    void aMachineThatHasGotQuickerIsKnownToBeSoAfterFour() {
        assertThat(after(60, 60, 60, 60, 60, 10, 10, 10).expected()).isEqualTo(seconds(60));
        assertThat(after(60, 60, 60, 60, 60, 10, 10, 10, 10).expected()).isEqualTo(seconds(10));
    }

    @Test
    void aBackendThatWasFoundAwakeTeachesNothing() {
        assertThat(after(40, 0, 0.02, 0.099).last()).containsExactly(seconds(40));
        assertThat(after(0.1).expected()).isEqualTo(Duration.ofMillis(100));
    }
}
