package dormouse.agent;

/**
 * Bounds what the bodies of requests may take in memory: a body is kept whole until the backend has it, since its
 * {@code model} is rewritten and it may have to be sent twice. On the loop alone.
 */
final class BodyBudget {
    /** The largest body. The server's own bound is below it by default. */
    static final long LARGEST_BODY = 64L << 20;
    /** Of all bodies together. */
    static final long TOTAL = 256L << 20;

    private long taken;

    boolean take(long bytes) {
        if (taken + bytes > TOTAL) {
            return false;
        }
        taken += bytes;
        return true;
    }

    void giveBack(long bytes) {
        taken -= bytes;
    }
}
