package dormouse.cli;

import java.util.Map;

/**
 * Which of the standard streams are a terminal, and what it can do. The launcher finds out and says so in system
 * properties, because Java cannot ask for each stream.
 *
 * @param rows of the terminal; at least 2
 * @param columns of the terminal; at least 20
 */
record Terminal(boolean in, boolean out, boolean err, boolean plain, int rows, int columns) {
    Terminal {
        rows = Math.max(2, rows);
        columns = Math.max(20, columns);
    }

    /** Nothing is a terminal. */
    static Terminal none() {
        return new Terminal(false, false, false, true, 24, 80);
    }

    /**
     * @param streams the digits of the streams that are a terminal, for instance {@code 02}
     * @param size rows and columns, as {@code stty size} prints them; anything else stands for 24 80
     */
    static Terminal of(String streams, String size, Map<String, String> env) {
        boolean plain = !env.getOrDefault("NO_COLOR", "").isEmpty() || "dumb".equals(env.get("TERM"));
        int rows = 24;
        int columns = 80;
        if (size.matches("[1-9]\\d{0,4} [1-9]\\d{0,4}")) {
            int blank = size.indexOf(' ');
            rows = Integer.parseInt(size.substring(0, blank));
            columns = Integer.parseInt(size.substring(blank + 1));
        }
        return new Terminal(streams.contains("0"), streams.contains("1"), streams.contains("2"), plain, rows, columns);
    }

    /** Whether standard output may have colour and be redrawn. */
    boolean liveOut() {
        return out && !plain;
    }

    /** Whether standard error may have colour and be redrawn. */
    boolean liveErr() {
        return err && !plain;
    }
}
