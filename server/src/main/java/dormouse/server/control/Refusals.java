package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Wakes that a publisher's policy has refused: for as long as it said, but {@link #LONGEST} at most, nobody asks its agent
 * again. No failures of the machine, so they don't count for its cool-down. Any thread.
 */
final class Refusals {
    /** After that the agent is asked anew: its publisher may have thought better of it. */
    static final Duration LONGEST = Duration.ofSeconds(60);

    /** Where the agent didn't say how long. */
    private static final Duration UNKNOWN = Duration.ofSeconds(10);

    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration DAY = Duration.ofDays(1);

    private record Refusal(Failure failure, Instant until, Instant over) {}

    private final Map<LlmName, Refusal> refusals = new ConcurrentHashMap<>();

    /** Remembers it, and returns it as it is told to those who wait: always with a time after which to try again. */
    Failure remember(LlmName llm, Failure said, Instant now) {
        Duration asked = said.retryAfter() == null ? UNKNOWN : said.retryAfter();
        Duration wait = shorter(asked.compareTo(SHORTEST) < 0 ? SHORTEST : asked, DAY);
        Failure told = new Failure(said.reason(), said.message(), wait, said.details());
        refusals.put(llm, new Refusal(told, now.plus(wait), now.plus(shorter(wait, LONGEST))));
        return told;
    }

    /** What a wake would be refused with now, with the rest of its time; or null. */
    @Nullable
    Failure standing(LlmName llm, Instant now) {
        Refusal refusal = refusals.get(llm);
        if (refusal == null || !now.isBefore(refusal.over())) {
            return null;
        }
        Failure told = refusal.failure();
        return new Failure(told.reason(), told.message(), Duration.between(now, refusal.until()), told.details());
    }

    void forget(LlmName llm) {
        refusals.remove(llm);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) <= 0 ? one : other;
    }
}
