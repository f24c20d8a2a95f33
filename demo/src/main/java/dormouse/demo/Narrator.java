package dormouse.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Tells what happens, each line with the time since the start. Any thread. */
final class Narrator {
    private final PrintStream out;
    private final LongSupplier nanoTime;
    private final long began;

    Narrator(PrintStream out, LongSupplier nanoTime) {
        this.out = out;
        this.nanoTime = nanoTime;
        this.began = nanoTime.getAsLong();
    }

    /** One event. */
    synchronized void say(String what, String detail) {
        double seconds = Duration.ofNanos(nanoTime.getAsLong() - began).toMillis() / 1000.0;
        String time = String.format(Locale.ROOT, "%8.3f s", seconds);
        out.println((time + "  " + String.format("%-12s", what) + "  " + detail).stripTrailing());
    }

    /** A line without a time. */
    synchronized void line(String text) {
        out.println(text);
    }

    /** A piece of a line. */
    synchronized void piece(String text) {
        out.print(text);
        out.flush();
    }
}
