package dormouse.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A value that no log and no message shows.
 *
 * @param file where it was read; null: it stands somewhere else
 */
public record Secret(String value, @Nullable Path file) {
    private static final Logger log = LoggerFactory.getLogger(Secret.class);

    /** One that stands in no file of its own. */
    public Secret(String value) {
        this(value, null);
    }

    /** As its file has it now, so that it can be changed without a restart; as it was where that is no secret. May read a disk. */
    Secret fresh() {
        if (file == null) {
            return this;
        }
        try {
            String now = Files.readString(file).strip();
            if (isWord(now)) {
                return new Secret(now, file);
            }
            log.warn("a secret's file has no secret in it; the one before is used file={}", file);
        } catch (IOException e) {
            log.warn("a secret's file can't be read; what it had is used file={} cause={}", file, e.getMessage());
        }
        return this;
    }

    /** Whether it can stand in a header. */
    static boolean isWord(String said) {
        return !said.isEmpty() && said.chars().allMatch(c -> c > 0x20 && c < 0x7f);
    }

    /** Whether both come from the same place: what is in a file may change meanwhile. */
    static boolean sameSource(@Nullable Secret one, @Nullable Secret other) {
        return one != null && one.file != null && other != null
                ? one.file.equals(other.file)
                : Objects.equals(one, other);
    }

    /** The header by which a backend is shown its key; none where it has none. */
    static Map<String, String> bearer(@Nullable Secret key) {
        return key == null ? Map.of() : Map.of("authorization", "Bearer " + key.value());
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}
