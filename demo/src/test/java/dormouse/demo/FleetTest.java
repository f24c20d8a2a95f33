package dormouse.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts of the stage, with real processes. */
class FleetTest {
    private static HttpResponse<String> call(String url, String method) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .method(method, BodyPublishers.noBody())
                .build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    }

    @Test
    void the_power_switch_boots_a_model_server_once_and_rests_it() throws Exception {
        try (Stage stage = new Stage();
                Fleet fleet = new Fleet(stage, Jars.besideThis(), true);
                PowerSwitch power = PowerSwitch.start(() -> fleet.startModel(new ModelChoice.Story(), 0))) {
            assertThat(power.booted()).isNull();
            assertThat(call(power.url("start"), "GET").statusCode()).isEqualTo(405);
            assertThat(power.booted()).isNull();
            assertThat(call(power.url("start"), "POST").statusCode()).isEqualTo(200);
            Child model = Objects.requireNonNull(power.booted());
            assertThat(call(power.url("start"), "POST").statusCode()).isEqualTo(200);
            assertThat(power.booted()).isSameAs(model);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> model.tail().stream().anyMatch(line -> line.startsWith("storyteller listens")));
            assertThat(call(power.url("stop"), "POST").statusCode()).isEqualTo(200);
            assertThat(model.alive()).isFalse();
            assertThat(call(power.url("start"), "POST").statusCode()).isEqualTo(200);
            assertThat(power.booted()).isNotSameAs(model);
        }
    }

    @Test
    void a_recipe_that_cannot_boot_answers_with_an_error() throws Exception {
        try (PowerSwitch power = PowerSwitch.start(() -> {
            throw new DemoException("no fuse");
        })) {
            HttpResponse<String> response = call(power.url("start"), "POST");
            assertThat(response.statusCode()).isEqualTo(500);
            assertThat(response.body()).isEqualTo("no fuse\n");
        }
    }

    @Test
    void closing_the_stage_ends_the_processes_and_removes_the_folder() throws Exception {
        Stage stage = new Stage();
        Child child;
        try (stage;
                Fleet fleet = new Fleet(stage, Jars.besideThis(), true)) {
            child = fleet.startModel(new ModelChoice.Story(), 0);
            assertThat(child.alive()).isTrue();
            assertThat(stage.isClosedWithin(Duration.ZERO)).isFalse();
        }
        assertThat(child.alive()).isFalse();
        assertThat(stage.folder()).doesNotExist();
        assertThat(stage.isClosedWithin(Duration.ZERO)).isTrue();
        assertThatThrownBy(() -> stage.start("late", List.of("true"), Path.of(".")))
                .isInstanceOf(DemoException.class);
    }

    @Test
    void a_model_server_ends_with_whoever_started_it() throws Exception {
        try (Stage stage = new Stage();
                Fleet fleet = new Fleet(stage, Jars.besideThis(), true)) {
            Child child = fleet.startModel(new ModelChoice.Story(), 0);
            child.process().getOutputStream().close();
            assertThat(child.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void a_ports_file_counts_once_it_is_whole(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("ports");
        assertThat(Ports.read(file)).isEmpty();
        Files.writeString(file, "grpc=127.0.0.1:12");
        assertThat(Ports.read(file)).isEmpty();
        Files.writeString(file, "grpc=127.0.0.1:1234\n");
        assertThat(Ports.read(file)).hasValue(new Ports("127.0.0.1:1234", null));
        Files.writeString(file, "grpc=127.0.0.1:1234\nhttp=127.0.0.1:99\n");
        assertThat(Ports.read(file).orElseThrow().lines()).containsExactly("grpc=127.0.0.1:1234", "http=127.0.0.1:99");
    }

    @Test
    void sibling_jars_are_found_beside_this_one_or_in_their_modules(@TempDir Path dir) throws IOException {
        Path target = Files.createDirectories(dir.resolve("demo/target"));
        Path module = Files.createDirectories(dir.resolve("server/target")).resolve("dormouse-server.jar");
        Jars jars = new Jars(target);
        assertThatThrownBy(() -> jars.of("server"))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining(module.toString());
        Files.createFile(module);
        assertThat(jars.of("server")).isEqualTo(module);
        Path beside = Files.createFile(target.resolve("dormouse-server.jar"));
        assertThat(jars.of("server")).isEqualTo(beside);
    }

    @Test
    void the_agents_file_names_the_model_and_its_recipes() throws Exception {
        AgentFile file = new AgentFile("127.0.0.1:7700", Path.of("/tmp/a$b"));
        try (PowerSwitch power = PowerSwitch.start(() -> {
            throw new DemoException("not in this test");
        })) {
            JsonNode sleeping = new ObjectMapper().readTree(file.sleeping(new ModelChoice.Story(), 99, power));
            assertThat(sleeping.path("server").asText()).isEqualTo("127.0.0.1:7700");
            assertThat(sleeping.path("stateDir").asText()).isEqualTo("/tmp/a$$b");
            assertThat(sleeping.at("/llms/0/name").asText()).isEqualTo("storyteller");
            assertThat(sleeping.at("/llms/0/url").asText()).isEqualTo("http://127.0.0.1:99/v1");
            assertThat(sleeping.at("/llms/0/wake/type").asText()).isEqualTo("http");
            assertThat(sleeping.at("/llms/0/wake/url").asText()).isEqualTo(power.url("start"));
        }
        LocalServer ollama = LocalServer.USUAL.get(0);
        JsonNode running = new ObjectMapper().readTree(file.running(new ModelChoice.Running(ollama, "my model")));
        assertThat(running.at("/llms/0/name").asText()).isEqualTo("my-model");
        assertThat(running.at("/llms/0/model").asText()).isEqualTo("my model");
        assertThat(running.at("/llms/0/type").asText()).isEqualTo("ollama");
        assertThat(running.at("/llms/0/wake").isMissingNode()).isTrue();
    }
}
