package dormouse.server.fleet;

import java.time.Instant;

/**
 * A row of the history.
 *
 * @param llm as it is after the event; of a deleted one, as it was
 */
public record LlmEvent(long revision, LlmEventType type, Llm llm, String detail, Instant time) {}
