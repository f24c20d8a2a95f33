package dormouse.server.relay;

/**
 * The bounds of what waits and of what is held.
 *
 * @param requestBytes of one body
 * @param bufferedBytes of all bodies that are held, in sum
 * @param windowBytes of each task's answer on its way, not consumed
 * @param queuePerLlm tasks that wait for one Llm's turn
 * @param waitersPerLlm those that wait for one Llm's wake
 */
public record Limits(long requestBytes, long bufferedBytes, int windowBytes, int queuePerLlm, int waitersPerLlm) {
    /** As an operator who says nothing gets them. */
    public static final Limits DEFAULT = new Limits(32L << 20, 512L << 20, 64 << 10, 64, 1024);
}
