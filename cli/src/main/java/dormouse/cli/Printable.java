package dormouse.cli;

/**
 * Makes text from the server harmless to a terminal: a publisher must not be able to move the cursor, set a title or
 * turn the reading direction on somebody's screen.
 */
final class Printable {
    private Printable() {}

    /** For a cell or a message: one line, every control character written as {@code \}{@code u001b}. */
    static String line(String text) {
        return escape(text, false);
    }

    /** For an answer: as it is, with its line breaks and tabs, but no other control character. */
    static String text(String text) {
        return escape(text, true);
    }

    /** For a JSON document, in which every such character can only stand inside a string. */
    static String json(String document) {
        return escape(document, true);
    }

    private static String escape(String text, boolean keepBreaks) {
        int i = 0;
        while (i < text.length() && harmless(text.charAt(i), keepBreaks)) {
            i++;
        }
        if (i == text.length()) {
            return text;
        }
        StringBuilder escaped = new StringBuilder(text.length() + 16).append(text, 0, i);
        for (; i < text.length(); i++) {
            char c = text.charAt(i);
            if (harmless(c, keepBreaks)) {
                escaped.append(c);
            } else if (!(keepBreaks && c == '\r')) {
                escaped.append(String.format("\\u%04x", (int) c));
            }
        }
        return escaped.toString();
    }

    private static boolean harmless(char c, boolean keepBreaks) {
        if (c < 0x7f) {
            return c >= ' ' || (keepBreaks && (c == '\n' || c == '\t'));
        }
        boolean control = c <= 0x9f || c == '\u2028' || c == '\u2029';
        boolean direction = (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069');
        return !control && !direction;
    }
}
