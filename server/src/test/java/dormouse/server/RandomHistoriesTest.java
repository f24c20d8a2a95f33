package dormouse.server;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever agents, clients, clocks and servers do, in whatever order: no name is owned twice, one wake at a time, no
 * status without a cause, tables equal to memory, every infer ends once, and in the end nothing is left. To see a failure
 * again, run with {@code -Dhistory.seed=SEED}; to look for more, with {@code -Dhistory.seeds=200 -Dhistory.steps=1000}.
 */
class RandomHistoriesTest {
    private static final int STEPS = Integer.getInteger("history.steps", 250);

    static LongStream seeds() {
        Long one = Long.getLong("history.seed");
        return one != null ? LongStream.of(one) : LongStream.rangeClosed(1, Long.getLong("history.seeds", 8));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everythingHoldsAfterEveryStep(long seed) {
        live(seed);
    }

    @Test
    void andInAHistoryThatNobodyHasSeenBefore() {
        long seed = Long.getLong("history.seed", new SplittableRandom().nextLong());
        System.out.println("history.seed=" + seed + " steps=" + STEPS + " " + live(seed));
    }

    private static String live(long seed) {
        try (RandomHistory history = new RandomHistory(seed)) {
            history.run(STEPS);
            return history.summary();
        } catch (AssertionError e) {
            throw new AssertionError("history.seed=" + seed + ": " + e.getMessage(), e);
        }
    }
}
