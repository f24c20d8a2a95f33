package dormouse.server.store;

import dormouse.files.Rights;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Files and directories that nobody but their owner can look into, where the file system knows of rights at all. */
final class OwnerOnly {
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString(Rights.OWNERS_FILE);

    private OwnerOnly() {}

    /** Those that are missing; one that is there stays as it is. */
    static void directories(Path directory) throws IOException {
        Files.createDirectories(directory, Rights.of(directory, Rights.OWNERS_DIRECTORY));
    }

    /** Anew, in the place of one that is there. */
    static OutputStream create(Path file) throws IOException {
        Files.deleteIfExists(file);
        return Channels.newOutputStream(Files.newByteChannel(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                Rights.of(file, Rights.OWNERS_FILE)));
    }

    /** One that somebody else has made. */
    static void close(Path file) throws IOException {
        setRights(file, FILE);
    }

    /** Null where there are none. */
    static @Nullable Set<PosixFilePermission> rights(Path file) throws IOException {
        return Rights.knows(file) ? Files.getPosixFilePermissions(file) : null;
    }

    static void setRights(Path file, @Nullable Set<PosixFilePermission> rights) throws IOException {
        if (rights != null && Rights.knows(file)) {
            Files.setPosixFilePermissions(file, rights);
        }
    }
}
