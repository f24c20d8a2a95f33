package dormouse.server.fleet;

import java.util.regex.Pattern;

/** An agent's lasting identity on this server: the agent keeps it on disk across restarts of either side. */
public record SessionId(String value) {
    public static final String RULE = "1 to 64 of a-z A-Z 0-9 . _ -";

    private static final Pattern FORM = Pattern.compile("[a-zA-Z0-9._-]{1,64}");

    /** @throws IllegalArgumentException naming the rule, where {@code value} is not 1-64 of the allowed characters */
    public SessionId {
        if (!isValid(value)) {
            throw new IllegalArgumentException("session id: " + RULE);
        }
    }

    /** Whether {@code value} could be an id. */
    public static boolean isValid(String value) {
        return FORM.matcher(value).matches();
    }

    @Override
    public String toString() {
        return value;
    }
}
