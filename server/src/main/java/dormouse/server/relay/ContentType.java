package dormouse.server.relay;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rule of both doors for a body's type: JSON or a form, since in another body no agent could put its own model's name in
 * place of the one that is asked for. Stateless.
 */
public final class ContentType {
    private static final int LONGEST = 256;
    private static final Pattern KNOWN =
            Pattern.compile("application/json|[^\\s,/]+/[^\\s,/]+\\+json|multipart/form-data");

    private ContentType() {}

    /**
     * What is wrong with a type, in one line for a person; null where nothing is.
     *
     * @param name of the field or header
     * @param empty whether the body has nothing in it, so that it may be of any type
     */
    public static @Nullable String wrong(String name, String type, boolean empty) {
        if (type.length() > LONGEST || type.chars().anyMatch(c -> c < 0x20 || c > 0x7e)) {
            return name + ": at most " + LONGEST + " characters of printable ASCII";
        }
        int parameters = type.indexOf(';');
        String plain = (parameters < 0 ? type : type.substring(0, parameters)).strip();
        return empty || KNOWN.matcher(plain.toLowerCase(Locale.ROOT)).matches()
                ? null
                : name + " " + type
                        + ": application/json or multipart/form-data, since the body's model says whom it is for";
    }
}
