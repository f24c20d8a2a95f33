package dormouse.server.fleet;

import java.time.Instant;

/**
 * A row of the history.
 *
 * @param llm as it is after the event; of a deleted one, as it was
 * @param actor the credential on whose behalf it happened; empty where there was none, or nobody asked for it
 */
public record LlmEvent(long revision, LlmEventType type, Llm llm, String detail, Instant time, String actor) {
    /** The same event, with its Llm and its actor as they are shown to somebody. */
    public LlmEvent as(Llm shown, String by) {
        return new LlmEvent(revision, type, shown, detail, time, by);
    }
}
