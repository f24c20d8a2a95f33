package dormouse.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server and an agent as processes of their own, in a directory that is gone afterwards, in front of one model server. */
final class Rig implements AutoCloseable {
    /** As the launcher starts them, with a heap of a size that is stated. */
    static final List<String> JVM = List.of("-Xmx256m", "-XX:+UseSerialGC");

    private static final int PATIENCE_SECONDS = 60;

    private final Path directory;
    private final Process server;
    private final Process agent;
    private final String url;

    /**
     * @param root of the checkout, where the two programs have been built
     * @param llms names that the agent publishes, all of them of the same model server, 1,024 tasks at a time each
     */
    Rig(Path root, String modelUrl, List<String> llms) throws IOException {
        directory = Files.createTempDirectory("dormouse-bench");
        Path ports = directory.resolve("ports");
        server = start(
                root,
                "server",
                "--ports-file",
                ports.toString(),
                "--set",
                "grpc.address=127.0.0.1:0",
                "--set",
                "http.address=127.0.0.1:0",
                "--set",
                "limits.tasksPerClient=100000",
                "--set",
                "database.url=jdbc:h2:file:" + directory.resolve("db"));
        until("the server is up", () -> Files.exists(ports));
        url = "http://" + port(ports, "http=");
        StringBuilder config = new StringBuilder("server: " + port(ports, "grpc=") + "\nname: bench\nstateDir: "
                + directory.resolve("state") + "\nllms:\n");
        for (String llm : llms) {
            config.append("  - {name: ")
                    .append(llm)
                    .append(", url: \"")
                    .append(modelUrl)
                    .append("\", model: mock, concurrency: 1024}\n");
        }
        Path file = Files.writeString(directory.resolve("agent.yaml"), config);
        agent = start(root, "agent", "--config", file.toString());
        until("the Llms are published", () -> llms.stream().allMatch(models()::contains));
    }

    private Process start(Path root, String program, String... arguments) throws IOException {
        Path jar = root.resolve(program + "/target/dormouse-" + program + ".jar");
        if (!Files.exists(jar)) {
            throw new IOException(jar + " is missing; build it with: mvn -q -pl bench -am package -DskipTests");
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM);
        command.addAll(List.of("-jar", jar.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(program + ".log").toFile())
                .start();
        // whoever interrupts a measurement, or sees it fail, is not left with its processes
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return process;
    }

    private static String port(Path ports, String key) throws IOException {
        return Files.readAllLines(ports).stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()))
                .findFirst()
                .orElseThrow(() -> new IOException("no " + key + " in " + ports));
    }

    private String models() throws IOException {
        try (InputStream answer = URI.create(url + "/v1/models").toURL().openStream()) {
            return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private void until(String what, Condition condition) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.holds()) {
            if (System.nanoTime() > end || !server.isAlive()) {
                throw new IOException("not so: " + what + "; " + Files.readString(directory.resolve("server.log")));
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    /** Of the door, with {@code /v1}. */
    String url() {
        return url + "/v1";
    }

    Memory serverMemory() {
        return Memory.of(server.pid());
    }

    Memory agentMemory() {
        return Memory.of(agent.pid());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        agent.destroyForcibly().waitFor();
        server.destroyForcibly().waitFor();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
