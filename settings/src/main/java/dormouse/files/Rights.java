package dormouse.files;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Who may look into a file that is about to be made, so that it is never there with other rights. Where the file system
 * knows of no rights there are none. Stateless.
 */
public final class Rights {
    /** A file for its owner alone. */
    public static final String OWNERS_FILE = "rw-------";

    /** A directory for its owner alone. */
    public static final String OWNERS_DIRECTORY = "rwx------";

    private Rights() {}

    /** Whether the file system of {@code file} knows of rights at all. */
    public static boolean knows(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * For {@link Files#createFile} and its like.
     *
     * @param file that is to be made
     * @param rights as {@code ls} shows them, for instance {@link #OWNERS_FILE}
     */
    public static FileAttribute<?>[] of(Path file, String rights) {
        return knows(file)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights))}
                : new FileAttribute<?>[0];
    }
}
