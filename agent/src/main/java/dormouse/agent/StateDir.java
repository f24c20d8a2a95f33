package dormouse.agent;

import com.google.protobuf.ByteString;
import dormouse.files.Rights;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's directory of state: the session, written so that a power loss leaves the old one or the new one whole, and
 * a lock that keeps two processes of one machine apart. What is in it is readable to its owner alone.
 */
final class StateDir implements SessionStore, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StateDir.class);
    private static final String SESSION = "session.properties";
    private static final String LOCK = "agent.lock";

    private final Path dir;
    private final FileChannel lockFile;

    private StateDir(Path dir, FileChannel lockFile) {
        this.dir = dir;
        this.lockFile = lockFile;
    }

    /**
     * Makes the directory where it is missing, and takes its lock.
     *
     * @throws IOException another process holds it, or it cannot be written; the message is complete
     */
    static StateDir open(Path dir) throws IOException {
        FileChannel channel;
        try {
            Files.createDirectories(dir, Rights.of(dir, Rights.OWNERS_DIRECTORY));
            channel = FileChannel.open(
                    dir.resolve(LOCK),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    Rights.of(dir, Rights.OWNERS_FILE));
        } catch (IOException e) {
            throw new IOException("stateDir " + dir + " cannot be used: " + e, e);
        }
        if (!lock(channel)) {
            channel.close();
            throw new IOException(
                    "stateDir " + dir + " is in use by another agent; give this one its own: --set stateDir=DIR");
        }
        return new StateDir(dir, channel);
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException heldByThisProcess) {
            return false;
        }
    }

    @Override
    public @Nullable Session load() throws IOException {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(Files.readString(dir.resolve(SESSION))));
        } catch (NoSuchFileException e) {
            return null;
        }
        String id = properties.getProperty("session", "");
        String token = properties.getProperty("resumeToken", "");
        if (id.isEmpty() || token.isEmpty()) {
            return broken();
        }
        try {
            return new Session(id, ByteString.copyFrom(Base64.getDecoder().decode(token)));
        } catch (IllegalArgumentException e) {
            return broken();
        }
    }

    /** As good as none: the agent registers as a new one. */
    private @Nullable Session broken() {
        log.warn("what is kept of the session can't be read; registering as a new one file={}", dir.resolve(SESSION));
        return null;
    }

    @Override
    public void save(Session session) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("session", session.id());
        properties.setProperty(
                "resumeToken",
                Base64.getEncoder().encodeToString(session.resumeToken().toByteArray()));
        StringWriter text = new StringWriter();
        properties.store(text, "This agent's identity on its server. Keep it to yourself.");
        Path fresh = dir.resolve(SESSION + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel file = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                Rights.of(dir, Rights.OWNERS_FILE))) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        Files.move(fresh, dir.resolve(SESSION), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncDirectory();
    }

    @Override
    public void discard() throws IOException {
        Files.deleteIfExists(dir.resolve(SESSION));
        syncDirectory();
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }

    /** The rename itself is on disk only when the directory is; some systems cannot open one. */
    private void syncDirectory() {
        try (FileChannel directory = FileChannel.open(dir, StandardOpenOption.READ)) {
            directory.force(true);
        } catch (IOException notThere) {
            // nothing more can be done, and nothing is lost but the newest identity
        }
    }
}
