package dormouse.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The processes of the demo: the server, the agent, and the model server that only the agent's recipe starts. */
final class Fleet implements AutoCloseable {
    private static final Duration SERVER_PATIENCE = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 20;

    /** Halves the start of a JVM that does little afterwards. */
    private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private final Stage stage;
    private final Jars jars;
    private final boolean quick;
    private final CompletableFuture<Child> lost = new CompletableFuture<>();
    private @Nullable Child server;
    private @Nullable Child agent;
    private @Nullable PowerSwitch powerSwitch;

    /** @param quick for processes that start quickly and are slow for ever, as suits a short run */
    Fleet(Stage stage, Jars jars, boolean quick) {
        this.stage = stage;
        this.jars = jars;
        this.quick = quick;
    }

    /** Refuses where a program is missing: better before a model has been fetched than after. */
    void requirePrograms() {
        jars.of("server");
        jars.of("agent");
    }

    /** Returns once it serves, on ports of its own choice. */
    Ports startServer() throws IOException {
        Path home = workplace("server");
        Path portsFile = home.resolve("ports");
        server = java(
                "server",
                home,
                List.of("-jar", jars.of("server").toString()),
                List.of(
                        "--set",
                        "grpc.address=127.0.0.1:0",
                        "--set",
                        "http.address=127.0.0.1:0",
                        "--set",
                        "database.url=jdbc:h2:file:" + home.resolve("dormouse"),
                        "--ports-file",
                        portsFile.toString()));
        server.whenEnded(lost::complete);
        return awaitPorts(server, portsFile);
    }

    void startAgent(String serverAddress, ModelChoice choice) throws IOException {
        Path home = workplace("agent");
        AgentFile file = new AgentFile(serverAddress, home.resolve("state"));
        Path config = home.resolve("agent.yaml");
        if (choice instanceof ModelChoice.Running running) {
            Files.writeString(config, file.running(running));
        } else if (choice instanceof ModelChoice.Booted booted) {
            int port = freePort();
            powerSwitch = PowerSwitch.start(() -> startModel(booted, port));
            Files.writeString(config, file.sleeping(booted, port, powerSwitch));
        }
        agent = java(
                "agent", home, List.of("-jar", jars.of("agent").toString()), List.of("--config", config.toString()));
        agent.whenEnded(lost::complete);
    }

    /** Completes with the first process that ends: the server, the agent, or a model server that fails. */
    CompletableFuture<Child> lost() {
        return lost;
    }

    /** Whose logs tell about a failure: the one it names, else those that have ended, else all. */
    List<Child> suspects(Exception failure) {
        if (failure instanceof DemoException named) {
            return Stream.ofNullable(named.culprit()).toList();
        }
        PowerSwitch boots = powerSwitch;
        List<Child> all = Stream.of(server, agent, boots == null ? null : boots.booted())
                .flatMap(Stream::ofNullable)
                .toList();
        List<Child> ended = all.stream().filter(child -> !child.alive()).toList();
        return ended.isEmpty() ? all : ended;
    }

    @Override
    public void close() {
        if (powerSwitch != null) {
            powerSwitch.close();
        }
    }

    Child startModel(ModelChoice.Booted choice, int port) {
        try {
            Child model =
                    java("model server", workplace("model"), Jars.thisProgram(), ModelProcess.arguments(choice, port));
            model.whenEnded(ended -> {
                if (ended.process().exitValue() != 0) {
                    lost.complete(ended);
                }
            });
            return model;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Child java(String name, Path home, List<String> program, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Jars.java(), "-Djava.io.tmpdir=" + home));
        command.addAll(quick ? QUICK : List.of());
        command.addAll(program);
        command.addAll(arguments);
        return stage.start(name, command, home);
    }

    private Path workplace(String name) throws IOException {
        return Files.createDirectories(stage.folder().resolve(name));
    }

    private static Ports awaitPorts(Child server, Path file) throws IOException {
        long deadline = System.nanoTime() + SERVER_PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<Ports> ports = Ports.read(file);
            if (ports.isPresent()) {
                return ports.get();
            }
            if (!server.alive()) {
                throw new DemoException(
                        "the server ended with code " + server.process().exitValue(), server, null);
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DemoException("interrupted");
            }
        }
        throw new DemoException("the server was not up within " + SERVER_PATIENCE.toSeconds() + " s", server, null);
    }

    /** Free a moment ago, which is as good as it gets for a server that does not run yet. */
    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
