package dormouse.server.fleet;

/**
 * Where an Llm stands in its life. Clients see the coarser {@link LlmStatus}; the three ways of a publisher to be away
 * and the backend that is down are told apart because they end differently (see {@link Transitions} and
 * {@code docs/lifecycle.md}, which is drawn from it).
 */
public enum LlmState {
    /** There is no row of that name. */
    ABSENT(LlmStatus.INACTIVE),
    /** Answers now. */
    ACTIVE(LlmStatus.ACTIVE),
    /** Its backend sleeps and can be woken. */
    HIBERNATING(LlmStatus.HIBERNATING),
    /** A wake is under way; stored as {@link #HIBERNATING}. */
    WAKING(LlmStatus.WAKING),
    /** Nothing was heard of its agent for too long, whose stream may still be open: a late heartbeat revives it. */
    SILENT(LlmStatus.INACTIVE),
    /** Its agent's stream broke, or the server was restarted. */
    LOST(LlmStatus.INACTIVE),
    /** Its agent said goodbye, or withdrew it. */
    LEFT(LlmStatus.INACTIVE),
    /** Its backend is gone and can't be woken, while its agent lives: the row stays its session's. */
    DOWN(LlmStatus.INACTIVE);

    private final LlmStatus status;

    LlmState(LlmStatus status) {
        this.status = status;
    }

    /** What a client sees. */
    public LlmStatus status() {
        return status;
    }

    /** What a row on disk says. */
    public LlmState stored() {
        return this == WAKING ? HIBERNATING : this;
    }

    /** Whether the publisher is away, so that another may adopt the name and the sweep may delete it in the end. */
    public boolean publisherAway() {
        return this == SILENT || this == LOST || this == LEFT;
    }
}
