package dormouse.server.control;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
    private static final long MILLISECOND = 1_000_000;

    private final Arrivals arrivals = new Arrivals();

    /** So many are let in of those who come at once; what the others are told is noted. */
    private int come(int agents, List<Duration> told) {
        int in = 0;
        for (int i = 0; i < agents; i++) {
            Failure later = arrivals.come();
            if (later == null) {
                in++;
            } else {
                told.add(later.retryAfter());
            }
        }
        return in;
    }

    private void serve(int agents, long nanos) {
        for (int i = 0; i < agents; i++) {
            arrivals.served(nanos);
        }
    }

    @Test
    void asManyAreLetInAsAreServedInTimeAndTheOthersComeOneAfterTheOther() {
        come(64, new ArrayList<>());
        serve(64, 10 * MILLISECOND);
        List<Duration> told = new ArrayList<>();

        int in = come(3_000, told);

        assertThat(in).as("of 10 ms each, within 5 s").isBetween(480, 540);
        assertThat(told).hasSize(3_000 - in);
        assertThat(told).allSatisfy(wait -> assertThat(wait).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10)));
        for (int second = 1; second < 10; second++) {
            Duration from = Duration.ofSeconds(second);
            Duration to = Duration.ofSeconds(second + 1);
            assertThat(told.stream()
                            .filter(wait -> wait.compareTo(from) >= 0 && wait.compareTo(to) < 0)
                            .count())
                    .as("spread evenly: those who come back after " + second + " s")
                    .isBetween(200L, 400L);
        }
        serve(in, 10 * MILLISECOND);
        assertThat(come(in, new ArrayList<>())).as("when they are done").isGreaterThan(450);
    }

    @Test
    void aFewMayAlwaysWaitHoweverSlowItIs() {
        come(1, new ArrayList<>());
        serve(1, Duration.ofHours(1).toNanos());

        assertThat(come(100, new ArrayList<>())).isEqualTo(Arrivals.FEW);
    }

    @Test
    void aFastServerLetsAllIn() {
        come(64, new ArrayList<>());
        serve(64, MILLISECOND / 10);

        assertThat(come(10_000, new ArrayList<>())).isEqualTo(10_000);
    }
}
