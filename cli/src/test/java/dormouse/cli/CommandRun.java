package dormouse.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.LogManager;
import org.jspecify.annotations.Nullable;

/** Runs commands of the program inside the test, with a console of its own, and keeps what they said. */
final class CommandRun {
    /** What the clock says until the test moves it. */
    static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

    final Map<String, String> env = new HashMap<>();
    final List<Duration> pauses = new CopyOnWriteArrayList<>();

    Terminal terminal = Terminal.none();
    InputStream in = InputStream.nullInputStream();
    volatile Instant now = NOW;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private @Nullable OutputStream elsewhere;
    private volatile @Nullable Program program;

    /** @param home where the person's files are looked for */
    CommandRun(Path home) {
        LogManager.getLogManager().reset(); // as the program does
        env.put("HOME", home.toString());
    }

    CommandRun server(FakeServer server) {
        env.put("DORMOUSE_SERVER", server.address());
        return this;
    }

    CommandRun input(String text) {
        in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Standard output goes there instead. */
    CommandRun writeTo(OutputStream stream) {
        elsewhere = stream;
        return this;
    }

    CommandRun terminal(String streams) {
        terminal = Terminal.of(streams, "24 80", env);
        return this;
    }

    /** Returns the exit code. */
    int run(String... args) {
        OutputStream stream = elsewhere;
        Console console = new Console(
                env,
                in,
                new Output(stream == null ? out : stream),
                new Output(err),
                terminal,
                () -> now,
                pauses::add,
                new Random(1));
        Program running = new Program(console);
        program = running;
        return running.run(args);
    }

    /** As the signal's thread does. */
    void interrupt() throws InterruptedException {
        Program running = program;
        if (running != null) {
            running.interrupt();
        }
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
