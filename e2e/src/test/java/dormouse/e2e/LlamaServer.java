package dormouse.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** llama.cpp's llama-server, which an agent's recipe boots and leaves running, and which the test asks directly too. */
final class LlamaServer implements AutoCloseable {
    /** One thread: on a busy machine several wait for one another, and are slower by an order of magnitude. */
    private static final List<String> OPTIONS = List.of(
            ("--host 127.0.0.1 --slots --metrics --jinja --override-kv llama.context_length=int:8192 -c 32768 -np 4 -t 1")
                    .split(" "));

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final String program;
    private final String model;
    private final List<String> more;
    private final int port;

    /**
     * @param directory where its log and the number of its process are written
     * @param more options
     */
    LlamaServer(Path directory, String program, String model, String... more) {
        this.more = List.of(more);
        this.directory = directory;
        this.program = program;
        this.model = model;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = probe.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As an item of an agent's list, with a recipe that starts it in the background. */
    String llm(String name, int concurrency) throws IOException {
        List<String> args = new ArrayList<>();
        args.add("-c");
        args.add("nohup \"$@\" </dev/null >\"$0.log\" 2>&1 & echo $! >\"$0.pid\"");
        args.add(directory.resolve("llama").toString());
        args.addAll(List.of(program, "-m", model, "--port", Integer.toString(port)));
        args.addAll(OPTIONS);
        args.addAll(more);
        return "- name: " + name + "\n  url: http://127.0.0.1:" + port + "/v1\n  type: llama.cpp\n  concurrency: "
                + concurrency + "\n  wake: {type: command, command: sh, maxWaitSeconds: 120, args: "
                + JSON.writeValueAsString(args) + "}\n";
    }

    /** Whether anything answers at its port. */
    boolean isUp() throws IOException {
        try {
            get("/health");
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }

    /** Its base URL. */
    String url() {
        return at("/v1").toString();
    }

    /** What it answers to one who asks it without Dormouse. */
    String ask(String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(at("/v1/" + path))
                .version(HttpClient.Version.HTTP_1_1)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        // a client, so a connection, of its own: this server closes those that are kept alive when it pleases
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
                .body();
    }

    /** One object for each of its slots. */
    JsonNode slots() throws IOException {
        return JSON.readTree(get("/slots"));
    }

    /** How many tokens it has written, for whomever. */
    long tokensWritten() throws IOException {
        return get("/metrics")
                .lines()
                .filter(line -> line.startsWith("llamacpp:tokens_predicted_total "))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                .findFirst()
                .orElseThrow();
    }

    private String get(String path) throws IOException {
        try (InputStream answer = at(path).toURL().openStream()) {
            return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private URI at(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    /** Ends what the recipe started, if it did. */
    @Override
    public void close() {
        Path pid = directory.resolve("llama.pid");
        try {
            if (Files.exists(pid)) {
                ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                        .ifPresent(ProcessHandle::destroyForcibly);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
