package dormouse.server.store;

import static org.junit.jupiter.api.Assumptions.abort;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.UUID;

/** The databases that Dormouse runs on. */
enum Engine {
    H2_MEMORY,
    H2_FILE,
    POSTGRESQL;

    /** Opens a database of its own; {@code directory} is where it may keep its files. */
    Database create(Path directory) {
        Database database = open(url(directory));
        database.migrate();
        return database;
    }

    Database open(String url) {
        return Database.open(url, this == POSTGRESQL ? "postgres" : "sa", "");
    }

    /** Of a new and empty database. */
    String url(Path directory) {
        String name = "d" + UUID.randomUUID().toString().replace("-", "");
        return switch (this) {
            case H2_MEMORY -> "jdbc:h2:mem:" + name;
            case H2_FILE -> "jdbc:h2:file:" + directory.resolve("deep/down").resolve(name);
            case POSTGRESQL -> {
                createPostgresDatabase(name);
                yield "jdbc:postgresql://127.0.0.1:" + postgres().getPort() + "/" + name;
            }
        };
    }

    /** The one server of this test run, which ends with it. */
    static EmbeddedPostgres postgres() {
        try {
            return Postgres.SERVER;
        } catch (ExceptionInInitializerError | NoClassDefFoundError e) {
            System.out.println("skipped: no PostgreSQL runs on this machine: " + e.getCause());
            return abort("no PostgreSQL runs on this machine: " + e.getCause());
        }
    }

    private static void createPostgresDatabase(String name) {
        try (var connection = postgres().getPostgresDatabase().getConnection();
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Postgres {
        static final EmbeddedPostgres SERVER = start();

        private static EmbeddedPostgres start() {
            try {
                return EmbeddedPostgres.builder()
                        .setServerConfig("deadlock_timeout", "50ms")
                        .start();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
