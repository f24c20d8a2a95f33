package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import io.grpc.Status.Code;
import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a publisher allows: when its backend may be woken, and how often in an hour. It speaks of recipes alone: what is
 * awake stays so, and answers. On the loop alone.
 */
final class WakePolicy {
    private final String llm;
    private final LlmConfig.@Nullable Policy policy;
    private final Loop loop;
    private final Clock clock;
    private WakeBudget budget = new WakeBudget();

    /** @param clock with the zone in which quiet hours are meant */
    WakePolicy(LlmConfig llm, Loop loop, Clock clock) {
        this.llm = llm.name();
        this.policy = llm.policy();
        this.loop = loop;
        this.clock = clock;
    }

    /** Goes on counting where an earlier configuration of the same backend stopped. */
    void inherit(WakePolicy earlier) {
        budget = earlier.budget;
    }

    /** Asks for leave to run the wake recipe now; null is leave, and counts as a wake. */
    @Nullable
    Status grant() {
        if (policy == null) {
            return null;
        }
        QuietHours quiet = policy.quietHours();
        Duration left = quiet == null ? null : quiet.left(ZonedDateTime.now(clock));
        if (quiet != null && left != null) {
            return refused("its publisher does not want it woken between " + quiet.from() + " and " + quiet.to(), left);
        }
        if (policy.maxWakesPerHour() == 0) {
            return null;
        }
        left = budget.left(loop.nanoTime(), policy.maxWakesPerHour());
        if (left != null) {
            return refused(
                    "its publisher allows " + policy.maxWakesPerHour() + " wakes an hour, which are used up", left);
        }
        budget.spend(loop.nanoTime());
        return null;
    }

    private Status refused(String why, Duration left) {
        return Problems.status(Code.UNAVAILABLE, "WAKE_REFUSED", llm + ": " + why, left, Map.of());
    }
}
