package dormouse.server;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Every table of an H2 database, as SQL. */
final class Dump {
    private Dump() {}

    static String of(String url) {
        StringBuilder script = new StringBuilder();
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet lines = statement.executeQuery("SCRIPT")) {
            while (lines.next()) {
                script.append(lines.getString(1)).append('\n');
            }
            return script.toString();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
