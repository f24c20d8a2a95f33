package dormouse.server.relay;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long each phase of an infer may take.
 *
 * @param queue from entering the queue to dispatch
 * @param wake waiting for the backend to be woken; null: as long as the publisher's recipe may take
 * @param firstByte from dispatch to the first byte of the answer: prompt processing is slow and legitimate
 * @param idle between two bytes of the answer, and for a client that takes nothing
 * @param total of all of it
 */
public record Deadlines(Duration queue, @Nullable Duration wake, Duration firstByte, Duration idle, Duration total) {
    /** As an operator who says nothing gets them. */
    public static final Deadlines DEFAULT = new Deadlines(
            Duration.ofSeconds(30), null, Duration.ofMinutes(5), Duration.ofSeconds(60), Duration.ofMinutes(30));

    /** @throws IllegalArgumentException where one of them is not more than zero */
    public Deadlines {
        positive("queue", queue);
        positive("firstByte", firstByte);
        positive("idle", idle);
        positive("total", total);
        if (wake != null) {
            positive("wake", wake);
        }
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException("deadline " + name + ": more than 0");
        }
    }

    /** These, or for each phase what a request asks for, where that is shorter; null asks for nothing. */
    public Deadlines atMost(
            @Nullable Duration queue,
            @Nullable Duration wake,
            @Nullable Duration firstByte,
            @Nullable Duration idle,
            @Nullable Duration total) {
        return new Deadlines(
                shorter(this.queue, queue),
                this.wake != null ? shorter(this.wake, wake) : wake == null ? null : shorter(this.total, wake),
                shorter(this.firstByte, firstByte),
                shorter(this.idle, idle),
                shorter(this.total, total));
    }

    private static Duration shorter(Duration most, @Nullable Duration asked) {
        return asked == null || asked.compareTo(most) > 0 ? most : asked;
    }
}
