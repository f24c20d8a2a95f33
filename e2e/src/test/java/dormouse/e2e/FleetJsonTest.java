package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dormouse.v1.WakeLlmRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dormouse list -o json} and {@code /api/llms} are one document, whichever way somebody looks. */
@Tag("slow")
class FleetJsonTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path directory;

    private JsonNode listed(ServerProcess server, String... more) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("list", "-o", "json"));
        arguments.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(Program.java("cli", arguments.toArray(String[]::new)));
        builder.environment().put("DORMOUSE_SERVER", server.address());
        Process process = builder.directory(directory.toFile()).start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return JSON.readTree(out);
    }

    private static JsonNode got(ServerProcess server, String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(server.http() + path)).build();
        return JSON.readTree(
                HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    @Test
    void theSameServerSaysTheSameInBothWays() {
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend awake = FakeBackend.awake(exchange -> exchange.whole(200, "{}"));
                FakeBackend asleep = FakeBackend.asleep(exchange -> exchange.whole(200, "{}"));
                AgentProcess agent = AgentProcess.start(
                        directory,
                        "ana",
                        server.address(),
                        awake.llm("lab/qwen3:8b", 2)
                                + "  pool: lab\n  labels: {gpu: \"größer <b>\", a: b}\n  type: vllm\n"
                                + asleep.wakeableLlm("sleepy", 4) + asleep.wakeableLlm("woken", 4))) {
            server.awaitStatus("sleepy", "HIBERNATING");
            asleep.bootsIn(Duration.ofMillis(500)); // what is quicker teaches nobody how long a wake takes
            server.llms()
                    .wakeLlm(WakeLlmRequest.newBuilder().setName("woken").build())
                    .forEachRemaining(progress -> {});
            server.awaitStatus("woken", "ACTIVE");

            await().atMost(ServerProcess.PATIENCE)
                    .pollInterval(Duration.ofMillis(100))
                    .ignoreExceptions()
                    .untilAsserted(
                            () -> { // again where the agent was heard between the two looks
                                JsonNode api = got(server, "/api/llms");
                                assertThat(api).isEqualTo(listed(server));
                                assertThat(api.path("llms")).hasSize(3);
                                assertThat(fields(api)).isEqualTo(fields(listed(server)));
                                assertThat(api.path("llms")
                                                .path(2)
                                                .path("expectedWakeSeconds")
                                                .isNumber())
                                        .isTrue();
                            });
            await().atMost(ServerProcess.PATIENCE)
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(got(server, "/api/llms?status=hibernating&kind=virtual"))
                            .isEqualTo(listed(server, "--status", "hibernating", "--kind", "virtual")));
            assertThat(agent.program().alive()).isTrue();
        }
    }

    /** In their order, which a comparison of trees does not see. */
    private static List<String> fields(JsonNode list) {
        List<String> names = new ArrayList<>();
        list.path("llms").path(0).fieldNames().forEachRemaining(names::add);
        return names;
    }
}
