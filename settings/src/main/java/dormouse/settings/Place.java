package dormouse.settings;

/**
 * Where a value was written.
 *
 * @param source a file, {@code --set}, or the name of an environment variable
 * @param line counted from 1; 0 where the source has no lines
 */
record Place(String source, int line) {
    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line;
    }
}
