package dormouse.server.store;

import dormouse.server.fleet.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/** Puts a copy made by {@link H2Backup} where an H2 database is to be, and is not yet. Looks into it before it does so. */
public final class Restore {
    private static final String SUFFIX = ".mv.db";

    /**
     * What there is now.
     *
     * @param llms how many Llms it has
     * @param revision of its latest change
     * @param noted the revision that the database in its place was known to have had; 0 where nothing is known of one
     */
    public record Restored(Path file, long llms, long revision, long noted) {}

    private Restore() {}

    /**
     * Blocks.
     *
     * @throws UnsupportedOperationException saying what to do, where the database is restored by other means
     * @throws StoreException where there is a database already, or the backup is not whole; then nothing is changed
     */
    public static Restored restore(String url, @Nullable String user, @Nullable String password, Path backup) {
        DatabaseUrl checked = new DatabaseUrl(url);
        Path target = checked.h2File();
        if (target == null) {
            throw new UnsupportedOperationException(
                    checked.isH2()
                            ? "database " + checked + ": is no file of this process, so nothing can be put there"
                            : "database " + checked + ": is PostgreSQL: restore a pg_dump of it with pg_restore");
        }
        if (Files.exists(target)) {
            throw taken(checked, target);
        }
        if (!Files.isRegularFile(backup)) {
            throw new StoreException(
                    "restore: " + backup + ": there is no such file", new NoSuchFileException(backup.toString()));
        }
        String name = String.valueOf(target.getFileName()).replaceFirst("\\.mv\\.db$", ".restoring");
        Path copy = target.resolveSibling(name + SUFFIX);
        Path directory = target.toAbsolutePath().getParent();
        boolean made = directory != null && !Files.exists(directory);
        try {
            if (directory != null) {
                OwnerOnly.directories(directory);
            }
            Files.deleteIfExists(copy);
            unpack(backup, copy);
            Restored restored = look(copy, checked, user, password, target);
            Files.move(copy, target); // never over another file
            NewestRevision.beside(target).write(restored.revision());
            return restored;
        } catch (FileAlreadyExistsException e) {
            throw taken(checked, target);
        } catch (IOException e) {
            throw new StoreException("restore: " + backup + ": " + e.getMessage(), e);
        } finally {
            delete(copy);
            if (made && directory != null && !Files.exists(target)) {
                delete(directory);
            }
        }
    }

    private static StoreException taken(DatabaseUrl url, Path target) {
        return new StoreException(
                "database " + url + ": " + target
                        + " is there already, and is not overwritten: stop the server that uses"
                        + " it, and move it away first",
                new FileAlreadyExistsException(target.toString()));
    }

    private static void unpack(Path backup, Path copy) throws IOException {
        try (InputStream in = Files.newInputStream(backup);
                ZipInputStream zip = new ZipInputStream(in)) {
            ZipEntry entry = zip.getNextEntry();
            if (entry == null || !entry.getName().endsWith(SUFFIX)) {
                throw new IOException("is no backup that `dormouse server backup` has made");
            }
            try (OutputStream out = OwnerOnly.create(copy)) {
                zip.transferTo(out);
            }
            if (zip.getNextEntry() != null) {
                throw new IOException(
                        "is no backup that `dormouse server backup` has made: it has more than one file in it");
            }
        } catch (ZipException | java.io.EOFException e) {
            throw new IOException("is cut off or damaged: " + e.getMessage(), e);
        }
    }

    private static Restored look(
            Path copy, DatabaseUrl url, @Nullable String user, @Nullable String password, Path target) {
        DatabaseUrl there =
                url.inFile(copy.toString().substring(0, copy.toString().length() - SUFFIX.length()));
        Properties properties = there.properties(user, password);
        try (Connection connection = DriverManager.getConnection(there.complete(), properties);
                Statement statement = connection.createStatement()) {
            return new Restored(
                    target,
                    number(statement, "SELECT COUNT(*) FROM llm"),
                    number(statement, Revisions.LATEST_SQL),
                    NewestRevision.beside(target).noted());
        } catch (SQLException e) {
            throw new StoreException("restore: the backup can't be opened: " + Failures.line(e), e);
        }
    }

    private static long number(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static void delete(Path made) {
        try {
            Files.deleteIfExists(made);
        } catch (IOException e) {
            // it is in nobody's way
        }
    }
}
