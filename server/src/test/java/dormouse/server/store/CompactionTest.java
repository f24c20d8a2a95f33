package dormouse.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompactionTest {
    @TempDir
    Path directory;

    @Test
    void aFileThatHasGrownIsMadeSmallAndKeepsItsRows() throws Exception {
        DatabaseUrl url = new DatabaseUrl("jdbc:h2:file:" + directory.resolve("db") + ";MAX_COMPACT_TIME=0");
        try (Connection connection = DriverManager.getConnection(url.complete(), "sa", "");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE t (n BIGINT)");
            statement.execute("INSERT INTO t VALUES (0)");
            for (int i = 0; i < 2000; i++) {
                statement.execute("UPDATE t SET n = n + 1");
            }
        }
        Path file = directory.resolve("db.mv.db");
        long before = Files.size(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

        Compaction.ifLarger(before, url, "sa", "");
        assertThat(Files.size(file)).as("not larger than the bound").isEqualTo(before);

        Compaction.ifLarger(before - 1, url, "sa", "");
        assertThat(Files.size(file)).isLessThan(before / 2);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (Connection connection = DriverManager.getConnection(url.complete(), "sa", "");
                ResultSet rows = connection.createStatement().executeQuery("SELECT n FROM t")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getLong(1)).isEqualTo(2000);
        }
    }

    @Test
    void whatIsNotAFileOfThisProcessIsLeftAlone() {
        assertThat(new DatabaseUrl("jdbc:h2:mem:x").h2File()).isNull();
        assertThat(new DatabaseUrl("jdbc:h2:tcp://localhost/x").h2File()).isNull();
        assertThat(new DatabaseUrl("jdbc:postgresql://localhost/x").h2File()).isNull();
        assertThat(new DatabaseUrl("jdbc:h2:./a/b;X=1").h2File()).isEqualTo(Path.of("./a/b.mv.db"));
    }
}
