package dormouse.agent;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A value that no log and no message shows. */
public record Secret(String value) {
    /** The header by which a backend is shown its key; none where it has none. */
    static Map<String, String> bearer(@Nullable Secret key) {
        return key == null ? Map.of() : Map.of("authorization", "Bearer " + key.value());
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}
