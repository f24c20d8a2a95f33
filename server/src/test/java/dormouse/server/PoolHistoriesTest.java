package dormouse.server;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same as {@link RandomHistoriesTest}, with most Llms in one pool, and most infers on its name: members die, sleep, fail
 * and come back; nobody waits while a member idles, every infer ends once, whole or with a reason, and nothing is left.
 */
class PoolHistoriesTest {
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
        try (RandomHistory history = new RandomHistory(seed, "grove")) {
            history.run(STEPS);
            return history.summary();
        } catch (AssertionError e) {
            throw new AssertionError("history.seed=" + seed + ": " + e.getMessage(), e);
        }
    }
}
