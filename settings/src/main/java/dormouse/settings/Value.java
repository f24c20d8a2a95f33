package dormouse.settings;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A value as it was written, with its place. All scalars are text: what they mean is decided by who reads them. */
sealed interface Value {
    Place place();

    /** Nothing was written ({@code key:}), which counts as absent. */
    default boolean isNothing() {
        return false;
    }

    /** The text of a scalar, empty for nothing; {@code path} names any other value in the error. */
    default String text(String path) {
        throw new SettingsException(place(), path + ": " + quoted() + " where a single value is expected");
    }

    /** How an error names this value. */
    String quoted();

    /**
     * One value.
     *
     * @param text what to use, with variables replaced; null where nothing was written
     * @param written what stands in the source, for errors: they never show what a variable held
     */
    record Scalar(@Nullable String text, String written, Place place) implements Value {
        private static final int SHOWN = 80;
        /** Who stands before the host of a URL. */
        private static final Pattern USER = Pattern.compile("//\\S*@");
        /** What a URL's query or settings say. */
        private static final Pattern SETTING =
                Pattern.compile("(?i)((?:password|passwd|pwd|token|secret|key)=)[^&;\\s]*");

        @Override
        public boolean isNothing() {
            return text == null;
        }

        @Override
        public String text(String path) {
            return text == null ? "" : text;
        }

        @Override
        public String quoted() {
            String hidden =
                    SETTING.matcher(USER.matcher(written).replaceAll("//…@")).replaceAll("$1…");
            String line = hidden.replace("\n", "\\n").replace("\r", "\\r");
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

    /**
     * What a key stands for.
     *
     * @param flag set by a flag, which the environment does not override
     */
    record Entry(Value value, Place place, boolean flag) {}
}
