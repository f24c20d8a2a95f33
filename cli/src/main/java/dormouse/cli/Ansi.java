package dormouse.cli;

/** The few escape sequences in use. */
final class Ansi {
    static final String RESET = "\u001b[0m";
    static final String BOLD = "\u001b[1m";
    static final String DIM = "\u001b[2m";
    static final String RED = "\u001b[31m";
    static final String GREEN = "\u001b[32m";
    static final String YELLOW = "\u001b[33m";
    static final String BLUE = "\u001b[34m";
    /** Goes to the start of the line and erases it. */
    static final String ERASE_LINE = "\r\u001b[2K";
    /** Erases from here to the end of the screen. */
    static final String ERASE_BELOW = "\u001b[J";

    private Ansi() {}

    static String up(int lines) {
        return lines == 0 ? "\r" : "\r\u001b[" + lines + "A";
    }
}
