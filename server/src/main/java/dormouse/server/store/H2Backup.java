package dormouse.server.store;

import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.StoreException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.zip.Deflater;
import java.util.zip.ZipOutputStream;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStoreException;

/**
 * Copies of an H2 file, which H2 makes by itself: a zip with the file in it, not made smaller, first beside the database, where
 * there is room for it or it fails. What would be written meanwhile waits. One at a time; one that was left over by a killed
 * server is overwritten.
 */
final class H2Backup implements BackupStore {
    private static final int PIECE = 64 << 10;

    private final DatabaseUrl url;
    private final Properties properties;
    private final Transactions transactions;

    H2Backup(DatabaseUrl url, Properties properties, Transactions transactions) {
        this.url = url;
        this.properties = properties;
        this.transactions = transactions;
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
        try (Connection connection = DriverManager.getConnection(url.complete(), properties)) {
            Files.deleteIfExists(zip);
            transactions.alone("copy it", () -> copy(connection, zip));
            return new ZipCopy(zip);
        } catch (SQLException | IOException | StoreException e) {
            delete(zip);
            throw new StoreException("database " + url + ": can't be copied: " + Failures.line(e), e);
        }
    }

    /**
     * H2 copies its file as it lies there, from the beginning to the end: of changes that are made meanwhile the copy may have a
     * later one without an earlier one, and opens all the same; so nothing is changed meanwhile. Its statement BACKUP copies
     * the same way, but makes the copy small, for which everything else would wait longer.
     *
     * @return its bytes
     */
    private static long copy(Connection connection, Path zip) {
        try (Statement statement = connection.createStatement();
                ZipOutputStream out = new ZipOutputStream(new BufferedOutputStream(OwnerOnly.create(zip)))) {
            statement.execute("CHECKPOINT SYNC");
            out.setLevel(Deflater.NO_COMPRESSION);
            SessionLocal session =
                    (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
            session.getDatabase().getStore().getMvStore().getFileStore().backup(out);
            return Files.size(zip);
        } catch (SQLException | IOException | MVStoreException e) {
            throw new StoreException("database: can't copy it: " + Failures.line(e), e);
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
