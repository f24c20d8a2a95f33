package dormouse.server.fleet;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of one inference when it has ended: who, which Llm, how long, how it ended. Never a word of the prompt or of
 * the answer.
 *
 * @param asked the name that the client called: an Llm or a pool
 * @param llm the Llm that was chosen last; the same as {@code asked} where none was
 * @param caller the credential's id; empty where the server asks for none
 * @param end when it ended
 * @param why null where the answer is whole; {@link Reason#CLIENT_GONE} where its client left
 * @param promptTokens as the backend counts them; 0 where it does not say
 * @param completionTokens the same
 * @param bytes of the answer that were handed to the client
 * @param queued spent waiting for a slot
 * @param woke spent waiting for a wake
 * @param firstByte from the dispatch to the first byte; null where none came
 * @param total from the request's arrival to its end
 */
public record TaskRecord(
        TaskId task,
        LlmName asked,
        LlmName llm,
        String caller,
        Instant end,
        @Nullable Reason why,
        long promptTokens,
        long completionTokens,
        long bytes,
        Duration queued,
        Duration woke,
        @Nullable Duration firstByte,
        Duration total) {}
