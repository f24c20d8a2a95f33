package dormouse.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * An archive of the classes that a program of ours loads, for the many processes that tests start: half the work of
 * each start is to load and verify classes. Made by one run of the program, once for each build and JDK; where that
 * run makes none, programs start without one. Test processes that run at the same time make it once: by a lock on a file.
 */
final class ClassArchives {
    private static final Map<String, Optional<Path>> MADE = new ConcurrentHashMap<>();

    private ClassArchives() {}

    /** The options of a program's JVM; those of its heap and compiler stay as they were when the archive was made. */
    static List<String> options(String module, Path jar, List<String> jvm) {
        return MADE.computeIfAbsent(module, name -> archive(name, jar, jvm))
                .map(archive -> List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:disable"))
                .orElse(List.of());
    }

    private static Optional<Path> archive(String module, Path jar, List<String> jvm) {
        try {
            String build = Long.toString(Files.getLastModifiedTime(jar).toMillis(), 36);
            Path archive = jar.resolveSibling("e2e-" + build + "-" + System.getProperty("java.vm.version") + ".jsa");
            Path lock = jar.resolveSibling("e2e.lock");
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = channel.lock()) {
                if (!Files.exists(archive)) {
                    Path making = jar.resolveSibling("e2e.making");
                    run(module, jar, jvm, making);
                    if (Files.exists(making)) {
                        Files.move(making, archive, StandardCopyOption.ATOMIC_MOVE);
                    }
                }
            }
            return Files.exists(archive) ? Optional.of(archive) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static void run(String module, Path jar, List<String> jvm, Path making)
            throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("dormouse-classes");
        List<String> command = new ArrayList<>(jvm);
        command.addAll(List.of("-XX:ArchiveClassesAtExit=" + making, "-jar", jar.toString()));
        switch (module) {
            case "server" ->
                command.addAll(List.of(
                        "--set",
                        "grpc.address=127.0.0.1:0",
                        "--set",
                        "http.address=127.0.0.1:0",
                        "--set",
                        "database.url=jdbc:h2:file:" + directory.resolve("db"),
                        "--ports-file",
                        directory.resolve("up").toString()));
            case "agent" -> {
                Path file = directory.resolve("agent.yaml");
                Files.writeString(file, """
                        server: 127.0.0.1:1
                        stateDir: %s
                        llms: [{name: a, url: "http://127.0.0.1:1/v1"}]
                        """.formatted(directory.resolve("up")));
                command.addAll(List.of("--config", file.toString()));
            }
            default -> command.addAll(List.of("list", "--server", "127.0.0.1:1"));
        }
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            for (int i = 0; i < 300 && process.isAlive() && !Files.exists(directory.resolve("up")); i++) {
                process.waitFor(100, TimeUnit.MILLISECONDS);
            }
            process.waitFor(module.equals("agent") ? 1500 : 100, TimeUnit.MILLISECONDS); // it connects, in vain
            process.destroy();
            process.waitFor(30, TimeUnit.SECONDS);
        } finally {
            process.destroyForcibly();
        }
    }
}
