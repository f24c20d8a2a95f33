package dormouse.pem;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;

/**
 * Notices that files have changed, by looking: file systems that tell of changes don't do so over a network, nor for the links
 * that certificates are usually behind. A change is taken up when two looks in a row have seen the same, so that a certificate
 * and its key, which are written one after the other, are read as a pair. For one thread.
 */
public final class PemWatch {
    /** Reads the files anew. */
    public interface Reading {
        void read() throws PemException;
    }

    /** Hears what a look has brought. */
    public interface Listener {
        /** They were read and are in use from now on. */
        void changed();

        /** They are not used, and what was there before stays in use; said once for each change. */
        void unusable(PemException why);
    }

    private final List<Path> files;
    private final Reading reading;
    private final Listener listener;
    private List<String> used;
    private List<String> seen;

    /** @param files as they are now they count as read */
    public PemWatch(List<Path> files, Reading reading, Listener listener) {
        this.files = List.copyOf(files);
        this.reading = reading;
        this.listener = listener;
        this.used = stamps();
        this.seen = used;
    }

    /** To be called now and then. */
    public void look() {
        List<String> before = seen;
        seen = stamps();
        if (seen.equals(used) || !seen.equals(before)) {
            return;
        }
        used = seen; // whether they can be used or not: once for each change
        try {
            reading.read();
            listener.changed();
        } catch (PemException e) {
            listener.unusable(e);
        }
    }

    private List<String> stamps() {
        return files.stream().map(PemWatch::stamp).toList();
    }

    private static String stamp(Path file) {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return now.lastModifiedTime() + " " + now.size() + " " + now.fileKey();
        } catch (IOException e) {
            return "unreadable";
        }
    }
}
