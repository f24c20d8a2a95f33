package dormouse.e2e;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A PostgreSQL of its own processes, which can be stopped and go on: then it is slow, or away, but loses nothing. */
final class ChaosDatabase implements AutoCloseable {
    private final EmbeddedPostgres postgres;
    private final long postmaster;

    ChaosDatabase(Path directory) throws IOException {
        Path data = directory.resolve("postgres");
        postgres = EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .start();
        postmaster = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    }

    String url() {
        return "jdbc:postgresql://127.0.0.1:" + postgres.getPort()
                + "/postgres?user=postgres&connectTimeout=5&socketTimeout=20";
    }

    Connection connect() throws SQLException {
        return postgres.getPostgresDatabase().getConnection();
    }

    void away() throws IOException, InterruptedException {
        signal("STOP");
    }

    void back() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name, Long.toString(postmaster)));
        ProcessHandle.of(postmaster)
                .ifPresent(process -> process.descendants().forEach(each -> command.add(Long.toString(each.pid()))));
        new ProcessBuilder(command)
                .redirectErrorStream(true)
                .start()
                .waitFor(); // one that has ended since is no matter
    }

    @Override
    public void close() throws IOException {
        postgres.close();
    }
}
