package dormouse.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The wakes of the last hour: recipes that were run, with success or without. On the loop alone. */
final class WakeBudget {
    private static final long HOUR = Duration.ofHours(1).toNanos();

    private final List<Long> runs = new ArrayList<>();

    /**
     * How long until there may be another one.
     *
     * @param now of {@link Loop#nanoTime}
     * @param most in any hour, at least 1; what is remembered never exceeds the largest that was allowed
     * @return null: at once
     */
    @Nullable
    Duration left(long now, int most) {
        runs.removeIf(run -> now - run >= HOUR);
        return runs.size() < most ? null : Duration.ofNanos(HOUR - (now - runs.get(runs.size() - most)));
    }

    /** A recipe begins to run. */
    void spend(long now) {
        runs.add(now);
    }
}
