package dormouse.server.fleet;

/**
 * How many messages an agent may send: so many in a second in the long run, and what it has not used of the last
 * {@value #SECONDS} seconds at once. Messages that run tasks are held in check by windows as well; this holds those that
 * don't. For one thread.
 */
public final class FrameBudget {
    private static final int SECONDS = 5;
    private static final long SECOND = 1_000_000_000;

    private final long nanosOfOne;
    private long unused;
    private long at;

    /** @param nanos now, on a clock that only goes on */
    public FrameBudget(int perSecond, long nanos) {
        this.nanosOfOne = Math.max(1, SECOND / perSecond);
        this.unused = SECONDS * SECOND;
        this.at = nanos;
    }

    /** One more message, now. Whether it is within the budget. */
    public boolean take(long nanos) {
        unused = Math.min(SECONDS * SECOND, unused + nanos - at) - nanosOfOne;
        at = nanos;
        if (unused < 0) {
            unused += nanosOfOne; // a refused one costs nothing
            return false;
        }
        return true;
    }
}
