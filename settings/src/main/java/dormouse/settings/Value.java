package dormouse.settings;

import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A value as it was written, with its place. All scalars are text: what they mean is decided by who reads them. */
sealed interface Value {
    Place place();

    /** How an error names this value. */
    String quoted();

    /**
     * @param text what to use: variables replaced; null where nothing was written ({@code key:}), which counts as absent
     * @param written what stands in the source, for errors: they never show what a variable held
     */
    record Scalar(@Nullable String text, String written, Place place) implements Value {
        private static final int SHOWN = 80;

        @Override
        public String quoted() {
            String line = written.replace("\n", "\\n").replace("\r", "\\r");
            return '"' + (line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…") + '"';
        }
    }

    record Sequence(List<Value> elements, Place place) implements Value {
        @Override
        public String quoted() {
            return "a list";
        }
    }

    /** Its entries can be replaced, by {@link Settings#set} alone. */
    record Mapping(LinkedHashMap<String, Entry> entries, Place place) implements Value {
        @Override
        public String quoted() {
            return "a mapping";
        }
    }

    /** @param flag set by a flag, which the environment does not override */
    record Entry(Value value, Place place, boolean flag) {}
}
