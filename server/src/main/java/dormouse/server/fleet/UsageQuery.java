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
 * @param caller of this credential alone, told apart by what it asked for, not by what served it; null: of all
 */
public record UsageQuery(
        @Nullable Instant from,
        @Nullable Instant to,
        Set<UsageKey> by,
        @Nullable LlmName llm,
        @Nullable String caller) {
    public UsageQuery {
        by = Set.copyOf(by);
    }

    /** Of all callers. */
    public UsageQuery(@Nullable Instant from, @Nullable Instant to, Set<UsageKey> by, @Nullable LlmName llm) {
        this(from, to, by, llm, null);
    }

    /** The same of one caller. */
    public UsageQuery of(String who) {
        return new UsageQuery(from, to, by, llm, who);
    }
}
