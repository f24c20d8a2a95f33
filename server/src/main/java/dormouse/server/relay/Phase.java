package dormouse.server.relay;

import dormouse.server.fleet.LlmName;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a task waits for now.
 *
 * @param position in the queue, from 1; 0 where it isn't in one
 * @param elapsed since the wake that it waits for has begun
 * @param expected how long that wake may take, learnt from earlier ones; null where nobody knows
 */
public record Phase(
        Kind kind,
        LlmName llm,
        int position,
        Duration elapsed,
        @Nullable Duration expected) {
    public enum Kind {
        QUEUED,
        WAKING,
        DISPATCHED
    }
}
