package dormouse.server.store;

import dormouse.server.fleet.StoreException;
import java.nio.file.Path;

/** Why a database can't be opened, in one line that says what to do. */
final class OpenFailure {
    private OpenFailure() {}

    static StoreException of(DatabaseUrl url, Exception failure) {
        String state = Failures.sqlState(failure);
        Path file = url.h2File();
        if (file != null && isDamage(state)) {
            return new StoreException(
                    "database " + url + ": " + file + " is damaged, or not H2's (" + Failures.line(failure)
                            + "); restore a backup. " + NewestRevision.remedy(file),
                    failure);
        }
        String advice = advice(state);
        return new StoreException("database " + url + ": " + advice + " (" + Failures.line(failure) + ")", failure);
    }

    /** The file is not what H2 has written. */
    static boolean isDamage(String state) {
        return switch (state) {
            case "90030", "90048", "HY000" -> true;
            default -> false;
        };
    }

    private static String advice(String state) {
        return switch (state) {
            case "90020" -> "another process has it open; stop that one, or set another database.url";
            case "90031", "90028", "90062" ->
                "its file can't be made, read or written; see to the path, the rights and the disk";
            case "90011" ->
                "say where the file is: jdbc:h2:file:./NAME below the working directory, or an absolute path";
            case "28000", "28P01" -> "it refuses these credentials; set database.user and database.password";
            case "3D000" -> "there is no such database; create it first";
            case "08001", "08004", "08006" -> "it can't be reached; start it, or correct database.url";
            default -> "it can't be opened";
        };
    }
}
