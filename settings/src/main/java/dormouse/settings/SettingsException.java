package dormouse.settings;

/**
 * A setting that cannot be used. The message is one line, complete for the person who wrote the setting:
 * {@code FILE:LINE: lifecycle.heartbeatTimeout: "abc" is not a duration (500ms, 2s, 5m, 4h, 1d)}.
 */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SettingsException(String message) {
        super(message);
    }

    SettingsException(Place place, String message) {
        super(place + ": " + message);
    }
}
