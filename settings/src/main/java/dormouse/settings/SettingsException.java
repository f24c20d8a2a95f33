package dormouse.settings;

/**
 * A setting that cannot be used. The message is one line, complete for the person who wrote the setting:
 * {@code FILE:LINE: lifecycle.heartbeatTimeout: "abc" is not a duration (500ms, 2s, 5m, 4h, 1d)}.
 */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SettingsException(String message) {
        super(oneLine(message));
    }

    SettingsException(Place place, String message) {
        super(oneLine(place + ": " + message));
    }

    /** A key can hold whatever a file can. */
    private static String oneLine(String message) {
        StringBuilder line = new StringBuilder(message.length());
        message.codePoints().forEach(each -> {
            switch (Character.getType(each)) {
                case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                    line.append(each == '\n' ? "\\n" : each == '\r' ? "\\r" : String.format("\\u%04x", each));
                default -> line.appendCodePoint(each);
            }
        });
        return line.toString();
    }
}
