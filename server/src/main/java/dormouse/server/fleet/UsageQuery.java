package dormouse.server.fleet;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks to sum up.
 *
 * @param from those that ended then or later; null: all that are kept
 * @param to those that ended before; null: all since
 * @param by what the sums are told apart by; one sum where empty
 * @param llm those that this one served; null: all
 */
public record UsageQuery(
        @Nullable Instant from,
        @Nullable Instant to,
        Set<UsageKey> by,
        @Nullable LlmName llm) {
    public UsageQuery {
        by = Set.copyOf(by);
    }
}
