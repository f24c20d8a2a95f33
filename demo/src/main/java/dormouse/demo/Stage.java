package dormouse.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What the demo sets up and takes away again: a temporary folder and the processes. Closing ends them, the last started
 * first, and is safe from any thread, which the shutdown hook needs; nothing starts afterwards.
 */
final class Stage implements AutoCloseable {
    private final Path folder;
    private final Deque<Child> children = new ArrayDeque<>();
    private final CountDownLatch closing = new CountDownLatch(1);

    Stage() {
        try {
            folder = Files.createTempDirectory("dormouse-demo-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The home of all files of this run. */
    Path folder() {
        return folder;
    }

    /**
     * Starts a process. It works in a folder of its own, so that it finds no settings that lie about, and inherits no
     * {@code DORMOUSE_} variables, which would change the settings that it is given.
     */
    synchronized Child start(String name, List<String> command, Path workplace) throws IOException {
        if (closing.getCount() == 0) {
            throw new DemoException("interrupted");
        }
        Path log = folder.resolve(name.replace(' ', '-') + ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(workplace.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeIf(variable -> variable.startsWith("DORMOUSE_"));
        builder.environment().put("TMPDIR", workplace.toString());
        Child child = new Child(name, builder.start(), log);
        children.push(child);
        return child;
    }

    /** Whether somebody closes or has closed it, or does so within this time. */
    boolean isClosedWithin(Duration patience) {
        try {
            return closing.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public synchronized void close() {
        if (closing.getCount() == 0) {
            return;
        }
        closing.countDown();
        children.forEach(child -> child.process().destroy());
        children.forEach(Child::stop);
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            System.err.println("dormouse demo: " + folder + " could not be removed: " + e.getMessage());
        }
    }
}
