package dormouse.server.fleet;

/** By what sums of usage are told apart. */
public enum UsageKey {
    DAY,
    LLM,
    CALLER
}
