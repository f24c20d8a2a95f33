package dormouse.cli;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Says on standard error what a command waits for, once the wait is longer than a second:
 * {@code waking qwen3 … 12 s of about 40 s}. A terminal sees one line that is redrawn, anything else one line per
 * thing that is waited for.
 */
final class Progress {
    private static final Duration QUIET = Duration.ofSeconds(1);

    private final Console console;
    private String what;
    private Instant began;
    private Instant waitBegan;
    private @Nullable Duration expected;
    private String shown = "";

    Progress(Console console, String what) {
        this.console = console;
        this.what = what;
        this.began = console.clock().instant();
        this.waitBegan = began;
    }

    /**
     * From now on it waits for this.
     *
     * @param elapsed how long that has lasted already
     * @param expected how long it usually lasts; null or zero where nobody knows
     */
    void waitFor(String what, Duration elapsed, @Nullable Duration expected) {
        this.what = what;
        this.began = console.clock().instant().minus(elapsed);
        this.expected = expected == null || expected.isZero() ? null : expected;
    }

    /** Called every few hundred milliseconds while waiting. */
    void waiting() {
        Instant now = console.clock().instant();
        if (Duration.between(waitBegan, now).compareTo(QUIET) < 0
                || Duration.between(began, now).compareTo(QUIET) < 0) {
            return;
        }
        if (!console.terminal().liveErr()) {
            if (!shown.equals(what)) {
                shown = what;
                console.tell(line(now));
            }
            return;
        }
        String line = line(now);
        int room = console.terminal().columns() - 1;
        line = line.length() > room ? line.substring(0, room) : line;
        if (!line.equals(shown)) {
            shown = line;
            console.err().print(Ansi.ERASE_LINE + Ansi.DIM + line + Ansi.RESET).flush();
        }
    }

    private String line(Instant now) {
        String line = what + " … " + Times.spoken(Duration.between(began, now));
        return expected == null ? line : line + " of about " + Times.spoken(expected);
    }

    /** The wait is over: erases the line, and the next wait begins. */
    void done() {
        if (console.terminal().liveErr() && !shown.isEmpty()) {
            console.err().print(Ansi.ERASE_LINE).flush();
            shown = "";
        }
        waitBegan = console.clock().instant();
    }
}
