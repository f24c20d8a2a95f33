package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A real process of ours, with a log that is kept, and the signals that it may get. */
final class Program implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Path MODULE = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));

    private final Process process;
    private final Path log;

    private Program(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** The root of the checkout. */
    static Path root() {
        return MODULE.toAbsolutePath().getParent();
    }

    static Path jar(String module) {
        Path jar = root().resolve(module + "/target/dormouse-" + module + ".jar");
        assertThat(jar).as("built by: mvn package").exists();
        return jar;
    }

    /** {@code java -jar} of a module, in a light JVM. */
    static List<String> java(String module, String... arguments) {
        Path jar = jar(module);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
        command.addAll(ClassArchives.options(module, jar, List.copyOf(command)));
        command.addAll(List.of("-jar", jar.toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    static Program start(String name, Path directory, List<String> command) {
        try {
            Path logs = Files.createDirectories(MODULE.resolve("target/e2e-logs"));
            Path log = logs.resolve(String.format("%03d-%s.log", COUNT.incrementAndGet(), name));
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new Program(process, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean alive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** Any signal, by its name. */
    void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    int exitCode() throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends by itself").isTrue();
        return process.exitValue();
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
