package dormouse.server.store;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What an exception of a library says, without what it quotes. */
final class Failures {
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

    /** The first line of the message: what follows is SQL, or values. */
    static String line(Throwable thrown) {
        SQLException cause = sqlException(thrown);
        String message = String.valueOf((cause == null ? thrown : cause).getMessage());
        return message.lines().findFirst().orElse(message).replace("; SQL statement:", "");
    }
}
