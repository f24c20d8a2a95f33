package dormouse.form;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rule for the type of a request's body: JSON or a form, since in another body no agent could put its own model's name in
 * the place of the one that is asked for, so that a client could name any model of the backend. At both doors, and at the
 * agent, for which the server's word is not enough. Stateless.
 */
public final class BodyType {
    /** In characters. */
    public static final int LONGEST = 256;

    private static final Pattern KNOWN =
            Pattern.compile("application/json|[^\\s,/]+/[^\\s,/]+\\+json|multipart/form-data");

    private BodyType() {}

    /**
     * What is wrong with a type, for a person, to be said after the name of its field; null where nothing is.
     *
     * @param empty whether the body has nothing in it, so that it may be of any type
     */
    public static @Nullable String wrong(String type, boolean empty) {
        if (type.length() > LONGEST || type.chars().anyMatch(c -> c < 0x20 || c > 0x7e)) {
            return "at most " + LONGEST + " characters of printable ASCII";
        }
        int parameters = type.indexOf(';');
        String plain = (parameters < 0 ? type : type.substring(0, parameters)).strip();
        return empty || KNOWN.matcher(plain.toLowerCase(Locale.ROOT)).matches()
                ? null
                : "application/json or multipart/form-data, since the body's model says whom it is for; not " + type;
    }
}
