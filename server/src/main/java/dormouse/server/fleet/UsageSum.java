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
        Duration total) {
    /** Of no tasks at all. */
    public static final UsageSum NONE =
            new UsageSum(null, "", "", 0, 0, 0, 0, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);

    /** What sums are told apart by. */
    public record Key(@Nullable LocalDate day, String llm, String caller) {}

    public Key key() {
        return new Key(day, llm, caller);
    }

    /** Of these tasks and of others, which have the same key. */
    public UsageSum plus(UsageSum other) {
        if (!key().equals(other.key())) {
            throw new IllegalArgumentException("the sums of " + key() + " and " + other.key() + " are two");
        }
        return new UsageSum(
                day,
                llm,
                caller,
                tasks + other.tasks,
                failed + other.failed,
                cancelled + other.cancelled,
                answered + other.answered,
                promptTokens + other.promptTokens,
                completionTokens + other.completionTokens,
                bytes + other.bytes,
                queued.plus(other.queued),
                woke.plus(other.woke),
                firstByte.plus(other.firstByte),
                total.plus(other.total));
    }
}
