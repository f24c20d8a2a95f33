package dormouse.server.fleet;

/**
 * One name of a {@code Register}.
 *
 * @param awake false where the agent says that the backend sleeps
 */
public record Offer(LlmName name, LlmSpec spec, boolean awake) {}
