package dormouse.server.control;

/** Tokens as the backend counts them; 0 where it does not say. */
public record Usage(long promptTokens, long completionTokens) {
    public static final Usage UNKNOWN = new Usage(0, 0);
}
