package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.Sighting.Find;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Looks at real ports, behind which the model servers there are answer as they do. */
class PortLookTest {
    private final Vertx vertx = Vertx.vertx();
    private final Loop loop = new VertxLoop(vertx);
    private final HttpClients clients = new HttpClients(vertx);
    private final ScriptedBackend server = new ScriptedBackend((request, connection) -> connection.close());

    @AfterEach
    void close() {
        clients.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        server.close();
    }

    private Sighting look(ScriptedBackend.Script script) throws Exception {
        return look(script, Duration.ofSeconds(10));
    }

    private Sighting look(ScriptedBackend.Script script, Duration timeout) throws Exception {
        server.script = script;
        CompletableFuture<Sighting> seen = new CompletableFuture<>();
        PortLook look = new PortLook(new HttpCaller(clients, loop), timeout);
        loop.execute(() -> Then.accept(look.look(server.port()), seen::complete));
        return seen.get(30, TimeUnit.SECONDS);
    }

    private Sighting found(BackendType type, boolean wakes, boolean sleeps, String... models) {
        return new Sighting.Server(List.of(models).stream()
                .map(model -> new Find(server.port(), type, model, wakes, sleeps))
                .toList());
    }

    @Test
    void ollama() throws Exception {
        assertThat(look(ModelServers.ollama("llama3.2:latest", "nomic-embed-text:latest")))
                .isEqualTo(found(BackendType.OLLAMA, true, true, "llama3.2:latest", "nomic-embed-text:latest"));
    }

    @Test
    void ollama_without_a_model_yet() throws Exception {
        assertThat(look(ModelServers.ollama())).isEqualTo(found(BackendType.OLLAMA, true, true));
    }

    @Test
    void what_ollama_passes_on_to_the_cloud_is_not_this_machines() throws Exception {
        ModelServers ollama = ModelServers.ollama();
        ollama.answers.put("GET /api/tags", """
                {"models":[{"name":"gpt-oss:120b-cloud","model":"gpt-oss:120b-cloud","remote_model":"gpt-oss:120b",
                "remote_host":"https://ollama.com:443"},{"name":"old:1b"}]}""");
        assertThat(look(ollama)).isEqualTo(found(BackendType.OLLAMA, true, true, "old:1b"));
    }

    @Test
    void lm_studio() throws Exception {
        assertThat(look(ModelServers.lmStudio("qwen/qwen3-4b", "text-embedding-nomic")))
                .isEqualTo(found(BackendType.LMSTUDIO, true, true, "qwen/qwen3-4b", "text-embedding-nomic"));
    }

    @Test
    void an_lm_studio_from_before_it_could_load_by_request() throws Exception {
        ModelServers old = ModelServers.lmStudio("qwen3-4b");
        old.answers.remove("GET /api/v1/models");
        assertThat(look(old)).isEqualTo(found(BackendType.LMSTUDIO, false, false, "qwen3-4b"));
    }

    @Test
    void llama_cpp_with_one_model() throws Exception {
        assertThat(look(ModelServers.llamaCpp("/models/Qwen3 8B.gguf")))
                .isEqualTo(found(BackendType.LLAMA_CPP, false, false, "/models/Qwen3 8B.gguf"));
    }

    @Test
    void llama_cpp_as_a_router() throws Exception {
        assertThat(look(ModelServers.llamaCppRouter("unloaded", "ggml-org/gemma:Q4", "qwen")))
                .isEqualTo(found(BackendType.LLAMA_CPP, true, true, "ggml-org/gemma:Q4", "qwen"));
    }

    @Test
    void llama_cpp_that_loads_is_not_there_yet() throws Exception {
        assertThat(look(ScriptedBackend.answering(
                        503, "application/json", "{\"error\":{\"message\":\"Loading model\",\"code\":503}}")))
                .isEqualTo(new Sighting.Nothing());
    }

    @Test
    void vllm_can_sleep_where_that_is_switched_on_and_its_model_is_alone() throws Exception {
        assertThat(look(ModelServers.vllm(false, "meta-llama/Llama-3.3")))
                .isEqualTo(found(BackendType.VLLM, false, false, "meta-llama/Llama-3.3"));
        assertThat(look(ModelServers.vllm(true, "meta-llama/Llama-3.3")))
                .isEqualTo(found(BackendType.VLLM, true, true, "meta-llama/Llama-3.3"));
        assertThat(look(ModelServers.vllm(true, "base", "lora")))
                .isEqualTo(found(BackendType.VLLM, true, false, "base", "lora"));
    }

    @Test
    void any_other_server_with_openais_paths() throws Exception {
        assertThat(look(ModelServers.plain("mine"))).isEqualTo(found(BackendType.OPENAI, false, false, "mine"));
    }

    @Test
    void nothing_is_asked_but_for_lists() throws Exception {
        for (ScriptedBackend.Script script : List.of(
                ModelServers.ollama("a"),
                ModelServers.lmStudio("a"),
                ModelServers.llamaCpp("a"),
                ModelServers.vllm(true, "a"),
                ModelServers.plain("a"),
                ModelServers.webApplication())) {
            look(script);
        }
        assertThat(server.requests)
                .hasSizeGreaterThan(12)
                .allSatisfy(request -> assertThat(request.line())
                        .startsWith("GET ")
                        .matches("GET /(v1/models|api/tags|api/v[01]/models|api/llms|is_sleeping) HTTP/1.1"));
    }

    @Test
    void what_is_no_model_server_is_a_stranger() throws Exception {
        assertThat(look(ModelServers.webApplication())).isInstanceOf(Sighting.Stranger.class);
        assertThat(look(ScriptedBackend.answering(404, "text/plain", ""))).isInstanceOf(Sighting.Stranger.class);
        assertThat(look(ScriptedBackend.answering(200, "application/json", "{\"data\":[{\"name\":\"a\"}]}")))
                .isInstanceOf(Sighting.Stranger.class);
    }

    @Test
    void who_wants_a_key_is_left_alone_and_how_to_publish_it_said() throws Exception {
        assertThat(look(ScriptedBackend.answering(401, "application/json", "{}")))
                .isInstanceOfSatisfying(
                        Sighting.Stranger.class,
                        stranger -> assertThat(stranger.what()).contains("apiKey"));
    }

    @Test
    void a_dormouse_server_is_not_published_to_itself() throws Exception {
        ModelServers door = ModelServers.plain();
        door.answers.put("GET /v1/models", ModelServers.openAi("ana-desk", "qwen3"));
        door.answers.put("GET /api/llms", "{\"llms\":[{\"name\":\"qwen3\",\"kind\":\"VIRTUAL\"}],\"revision\":3}");
        assertThat(look(door)).isInstanceOf(Sighting.Stranger.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"})
    void noise_is_nothing(String noise) throws Exception {
        assertThat(look((request, connection) -> {
                    connection.write(noise);
                    connection.close();
                }))
                .isEqualTo(new Sighting.Nothing());
    }

    @Test
    void silence_and_a_closed_port_are_nothing() throws Exception {
        assertThat(look((request, connection) -> connection.awaitClose(), Duration.ofMillis(50)))
                .isEqualTo(new Sighting.Nothing());
        server.close();
        assertThat(look(ModelServers.ollama("a"))).isEqualTo(new Sighting.Nothing());
    }
}
