package dormouse.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A process that the demo started, and the file that both of its outputs go to. */
record Child(String name, Process process, Path log) {
    private static final int TAIL = 20;
    private static final int PATIENCE_SECONDS = 10;

    boolean alive() {
        return process.isAlive();
    }

    /** Runs when its process has ended, on a thread of the JDK's. */
    void whenEnded(Consumer<Child> then) {
        CompletableFuture<Void> unused = process.onExit().thenAccept(ended -> then.accept(this));
    }

    /** The end of what it said. */
    List<String> tail() {
        try {
            List<String> lines =
                    new String(Files.readAllBytes(log), UTF_8).lines().toList();
            return lines.subList(Math.max(0, lines.size() - TAIL), lines.size());
        } catch (IOException e) {
            return List.of("(its log cannot be read: " + e.getMessage() + ")");
        }
    }

    /** Asks it to end, and insists after a while. */
    void stop() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
