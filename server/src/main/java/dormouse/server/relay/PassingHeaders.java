package dormouse.server.relay;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rule for a request's headers that reach a backend: these few, and of these no more than a line. Stateless. */
public final class PassingHeaders {
    /** In lower case. {@code content-type} passes too, by a way of its own; credentials never do. */
    public static final Set<String> NAMES = Set.of(
            "accept",
            "traceparent",
            "tracestate",
            "x-request-id",
            "anthropic-version",
            "anthropic-beta",
            "openai-beta");

    private static final int LONGEST = 4096;

    private PassingHeaders() {}

    /** What is wrong with a value, in one line for a person; null where nothing is. */
    public static @Nullable String wrong(String name, String value) {
        boolean fine = value.length() <= LONGEST && value.chars().noneMatch(c -> (c < 0x20 && c != '\t') || c == 0x7f);
        return fine ? null : "header " + name + ": at most " + LONGEST + " characters, none of them control";
    }
}
