package dormouse.server.store;

import dormouse.server.fleet.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small file beside an H2 database that says which revision the database has had, so that one which has lost its end, was
 * emptied, or was put back to an earlier state is noticed at the next start: H2 opens such a file without a word, at the
 * newest state that it finds whole.
 *
 * <p>It is written at most once a {@link #APART}, with the commit that comes then, with each batch of heartbeats, and when
 * the database is closed; so it may be behind the database, by what a killed server had committed within that time, and is
 * never ahead of it. Any thread.
 */
final class NewestRevision {
    /** Between two writings of a server that is busy: each costs about a tenth of a commit. */
    static final Duration APART = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(NewestRevision.class);
    private static final String REVISION = "revision=";

    private final Path database;
    private final Path file;
    private long noted; // all under this
    private @Nullable Instant notedAt;
    private boolean failing;

    private NewestRevision(Path database, Path file) {
        this.database = database;
        this.file = file;
    }

    /** Null where the database has no file of this process. */
    static @Nullable NewestRevision of(DatabaseUrl url) {
        Path database = url.h2File();
        return database == null ? null : beside(database);
    }

    static NewestRevision beside(Path database) {
        String name = String.valueOf(database.getFileName());
        return new NewestRevision(
                database, database.resolveSibling(name.replaceFirst("\\.mv\\.db$", "") + ".revision"));
    }

    Path file() {
        return file;
    }

    /**
     * The revision that was noted last, or 0.
     *
     * @throws StoreException where the file can't be read, or is not one of these
     */
    long noted() {
        try {
            if (!Files.exists(file)) {
                return 0;
            }
            List<String> lines = Files.readAllLines(file);
            return Long.parseLong(lines.stream()
                    .filter(line -> line.startsWith(REVISION))
                    .findFirst()
                    .orElseThrow(() -> new NumberFormatException("no line " + REVISION + "NUMBER"))
                    .substring(REVISION.length()));
        } catch (IOException | NumberFormatException e) {
            throw new StoreException(
                    file + ": can't tell which revision the database beside it has had (" + e.getMessage()
                            + "); put the file right, or move it away if the database is known to be whole",
                    e);
        }
    }

    /**
     * Before the database is opened.
     *
     * @throws StoreException where it had rows, and its file is gone or empty
     */
    void checkFile() {
        long had = noted();
        try {
            if (had > 0 && (!Files.exists(database) || Files.size(database) == 0)) {
                throw gone(
                        Files.exists(database) ? "is empty" : "is not there",
                        had,
                        "Put a whole one in its place, or run `dormouse server restore BACKUP`"
                                + (Files.exists(database) ? ", where the empty one is moved away" : "")
                                + "; or to begin anew, move " + file.getFileName() + " away");
            }
        } catch (IOException e) {
            throw new StoreException("database " + database + ": can't be looked at: " + e.getMessage(), e);
        }
    }

    /**
     * Once it is open.
     *
     * @throws StoreException where it has had a later revision
     */
    void check(long found) {
        long had = noted();
        if (found < had) {
            String remedy = remedy(database) + "; or to go on with what it has, move " + file.getFileName() + " away";
            throw gone(found == 0 ? "has no rows" : "ends with revision " + found, had, remedy);
        }
    }

    private StoreException gone(String found, long had, String remedy) {
        return new StoreException(
                "database " + database + ": it " + found + ", but has had revision " + had + " (" + file
                        + "): what was acknowledged since is not in it. " + remedy,
                new IOException("revision " + had + " is missing"));
    }

    /** What to do with a file that is not what it should be. */
    static String remedy(Path database) {
        NewestRevision beside = beside(database);
        return "Nothing was changed. Move " + database.getFileName()
                + " away and keep it, then put a whole one in its place, or"
                + " run `dormouse server restore BACKUP`; or to begin anew, move " + beside.file.getFileName()
                + " away too";
    }

    /** A commit has given this revision. */
    void committed(long revision, Instant now) {
        synchronized (this) {
            if (revision <= noted || (notedAt != null && !now.isBefore(notedAt) && now.isBefore(notedAt.plus(APART)))) {
                return;
            }
            notedAt = now;
        }
        note(revision);
    }

    /** In any case, where it is news. A server lives without this file: what goes wrong is logged. */
    synchronized void note(long revision) {
        if (revision <= noted) {
            return;
        }
        try {
            write(revision);
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                log.warn("the newest revision can't be noted file={} cause={}", file, e.toString());
            }
        }
    }

    /** In the place of whatever was noted. */
    synchronized void write(long revision) throws IOException {
        Path half = file.resolveSibling(file.getFileName() + ".part");
        String text =
                "# The newest revision that the database beside this file is known to have had; the server looks at it"
                        + " when it starts.\n" + REVISION + revision + "\n";
        try {
            try (OutputStream out = OwnerOnly.create(half)) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
            }
            Files.move(half, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            noted = revision;
        } finally {
            Files.deleteIfExists(half);
        }
    }
}
