package dormouse.server.store;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What an exception of a library says, without what it quotes. */
final class Failures {
    private static final Pattern PASSWORD = Pattern.compile("(password=)[^;&\"\\s]+", Pattern.CASE_INSENSITIVE);

    private Failures() {}

    static @Nullable SQLException sqlException(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException found) {
                return found;
            }
        }
        return null;
    }

    /** Empty where there is none. */
    static String sqlState(Throwable thrown) {
        SQLException cause = sqlException(thrown);
        String state = cause == null ? null : cause.getSQLState();
        return state == null ? "" : state;
    }

    /** The first line of the message, without a password: what follows is SQL, or values. */
    static String line(Throwable thrown) {
        SQLException cause = sqlException(thrown);
        String message = String.valueOf((cause == null ? thrown : cause).getMessage());
        String first = message.lines().findFirst().orElse("");
        return PASSWORD.matcher(first).replaceAll("$1…").replace("; SQL statement:", "");
    }
}
