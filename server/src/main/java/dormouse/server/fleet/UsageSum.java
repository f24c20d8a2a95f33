package dormouse.server.fleet;

import java.time.Duration;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * The sum of some tasks.
 *
 * @param day in UTC, on which they ended; null where sums are not told apart by it
 * @param llm that served; empty where sums are not told apart by it
 * @param caller likewise; empty, too, for callers without a credential
 * @param tasks all of them
 * @param failed those that ended with an error, {@link Reason#CLIENT_GONE} apart
 * @param cancelled those whose client left
 * @param answered those of which the first byte came
 * @param firstByte in sum, of those
 */
public record UsageSum(
        @Nullable LocalDate day,
        String llm,
        String caller,
        long tasks,
        long failed,
        long cancelled,
        long answered,
        long promptTokens,
        long completionTokens,
        long bytes,
        Duration queued,
        Duration woke,
        Duration firstByte,
        Duration total) {}
