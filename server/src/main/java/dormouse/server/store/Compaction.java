package dormouse.server.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a large H2 file small again before it is served from: while it is, it only grows (see {@link DatabaseUrl}). */
final class Compaction {
    /** Below this a start is not held up. */
    static final long LARGE = 64L << 20;

    private static final Logger log = LoggerFactory.getLogger(Compaction.class);

    private Compaction() {}

    /** Does nothing where there is no such file, or it is not larger than {@code bytes}. */
    static void ifLarger(long bytes, DatabaseUrl url, @Nullable String user, @Nullable String password)
            throws SQLException {
        Path file = url.h2File();
        if (file == null) {
            return;
        }
        try {
            if (!Files.exists(file) || Files.size(file) <= bytes) {
                return;
            }
            long before = Files.size(file);
            Set<PosixFilePermission> rights = OwnerOnly.rights(file);
            try (Connection connection = DriverManager.getConnection(url.complete(), user, password);
                    Statement statement = connection.createStatement()) {
                statement.execute("SHUTDOWN COMPACT");
            }
            OwnerOnly.setRights(file, rights); // it is another file now
            log.info("database made smaller bytes_before={} bytes_after={}", before, Files.size(file));
        } catch (IOException e) {
            log.warn("the size of the database is not known cause={}", e.toString());
        }
    }
}
