package dormouse.server.store;

import dormouse.server.fleet.StoreException;

/** Why a database can't be opened, in one line that says what to do. */
final class OpenFailure {
    private OpenFailure() {}

    static StoreException of(DatabaseUrl url, Exception failure) {
        String advice = advice(Failures.sqlState(failure));
        return new StoreException("database " + url + ": " + advice + " (" + Failures.line(failure) + ")", failure);
    }

    private static String advice(String state) {
        return switch (state) {
            case "90020" -> "another process has it open; stop that one, or set another database.url";
            case "90030", "90048", "HY000" ->
                "its file is damaged, or not H2's; restore a backup, or move it away to begin anew";
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
