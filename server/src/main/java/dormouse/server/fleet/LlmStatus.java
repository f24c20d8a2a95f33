package dormouse.server.fleet;

/** What a client sees of an Llm's {@link LlmState}. */
public enum LlmStatus {
    /** Answers now. */
    ACTIVE,
    /** Its backend sleeps and can be woken. */
    HIBERNATING,
    /** A wake is under way; live knowledge of the server that runs it, the stored row stays {@link #HIBERNATING}. */
    WAKING,
    /** Its publisher, or its backend, is away. */
    INACTIVE
}
