package dormouse.server.store;

import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/**
 * Copies of an H2 file, which H2 makes by itself while others go on writing: a zip with the file in it, first beside the
 * database, where there is room for it or it fails. One at a time; one that was left over by a killed server is overwritten.
 */
final class H2Backup implements BackupStore {
    private static final int PIECE = 64 << 10;

    private final DatabaseUrl url;
    private final Properties properties;

    H2Backup(DatabaseUrl url, Properties properties) {
        this.url = url;
        this.properties = properties;
    }

    @Override
    public synchronized Copy copy() {
        Path database = url.h2File();
        if (database == null) {
            throw new UnsupportedOperationException(
                    url.isH2()
                            ? "this server's database is not a file of its own, so there is nothing to copy here"
                            : "this server's database is PostgreSQL: copy it with pg_dump, restore it with pg_restore");
        }
        Path zip = database.resolveSibling(
                String.valueOf(database.getFileName()).replaceFirst("\\.mv\\.db$", ".backup.part"));
        // A connection of its own: the time limit of a statement is none for this one.
        try (Connection connection = DriverManager.getConnection(url.complete(), properties);
                Statement statement = connection.createStatement()) {
            Files.deleteIfExists(zip);
            statement.execute("SET QUERY_TIMEOUT 0");
            statement.execute("BACKUP TO '" + zip.toAbsolutePath().toString().replace("'", "''") + "'");
            return new ZipCopy(zip);
        } catch (SQLException | IOException e) {
            delete(zip);
            throw new StoreException("database " + url + ": can't be copied: " + Failures.line(e), e);
        }
    }

    private static void delete(Path zip) {
        try {
            Files.deleteIfExists(zip);
        } catch (IOException e) {
            // the next copy takes its place
        }
    }

    private static final class ZipCopy implements Copy {
        private final Path zip;
        private final long bytes;
        private final InputStream in;

        ZipCopy(Path zip) throws IOException {
            this.zip = zip;
            this.bytes = Files.size(zip);
            this.in = Files.newInputStream(zip);
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public byte[] next() {
            try {
                return in.readNBytes(PIECE);
            } catch (IOException e) {
                throw new StoreException(zip + ": can't be read: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {
            try {
                in.close();
            } catch (IOException e) {
                // it was only read
            }
            delete(zip);
        }
    }
}
