package dormouse.server.fleet;

import java.util.regex.Pattern;

/** The name by which clients call an Llm or a pool. */
public record LlmName(String value) implements Comparable<LlmName> {
    private static final Pattern FORM = Pattern.compile("[a-zA-Z0-9._:/-]{1,128}");

    /** @throws IllegalArgumentException naming the rule, where {@code value} is not 1-128 of the allowed characters */
    public LlmName {
        if (!isValid(value)) {
            throw new IllegalArgumentException(rule(value));
        }
    }

    /** Whether {@code value} could be a name. */
    public static boolean isValid(String value) {
        return FORM.matcher(value).matches();
    }

    /** One line for a person: what is wrong with {@code value}. */
    public static String rule(String value) {
        String shown = value.length() > 40 ? value.substring(0, 40) + "…" : value;
        return "name \"" + shown + "\": 1 to 128 of a-z A-Z 0-9 . _ - : /";
    }

    @Override
    public int compareTo(LlmName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
