package dormouse.cli;

import java.util.Locale;

/** How data is written: the values of {@code -o}. */
enum Format {
    TABLE,
    WIDE,
    JSON,
    YAML,
    NAME;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
