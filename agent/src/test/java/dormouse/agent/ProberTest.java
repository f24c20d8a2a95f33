package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks against real sockets. */
class ProberTest {
    private final Vertx vertx = Vertx.vertx();
    private final Loop loop = new VertxLoop(vertx);
    private final HttpClients clients = new HttpClients(vertx);
    private final Prober prober = new Prober(new HttpCaller(clients, loop));
    private final ScriptedBackend backend = new ScriptedBackend((request, connection) -> connection.close());

    @AfterEach
    void close() {
        clients.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        backend.close();
    }

    private LlmConfig llm(BackendType type, @Nullable URI available, Duration timeout) {
        return new LlmConfig(
                "qwen",
                backend.url(),
                "qwen",
                type,
                new Secret("sk-1"),
                "",
                4,
                Map.of(),
                new LlmConfig.Available(available, timeout),
                null,
                null,
                null);
    }

    private Availability probe(LlmConfig llm) throws Exception {
        CompletableFuture<Availability> answer = new CompletableFuture<>();
        loop.execute(() -> Then.accept(prober.probe(llm), answer::complete));
        return answer.get(10, TimeUnit.SECONDS);
    }

    private Availability probe(BackendType type) throws Exception {
        return probe(llm(type, null, Duration.ofSeconds(5)));
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, /v1/models, 200, true",
        "OPENAI, /v1/models, 404, true",
        "OPENAI, /v1/models, 401, true",
        "OPENAI, /v1/models, 503, false",
        "OLLAMA, /api/tags, 200, true",
        "LMSTUDIO, /api/v1/models, 404, true",
        "LLAMA_CPP, /health, 200, true",
        "LLAMA_CPP, /health, 503, false",
        "LLAMA_CPP, /health, 404, false",
        "VLLM, /health, 500, false",
    })
    void each_type_is_asked_in_its_own_way(BackendType type, String path, int status, boolean up) throws Exception {
        backend.script = ScriptedBackend.answering(status, "text/plain", "x".repeat(20_000));

        assertThat(probe(type).up()).isEqualTo(up);

        ScriptedBackend.Request request = backend.requests.take();
        assertThat(request.line()).isEqualTo("GET " + path + " HTTP/1.1");
        assertThat(request.headers()).containsEntry("authorization", "Bearer sk-1");
    }

    @ParameterizedTest
    @CsvSource({"200, true, false", "200, false, true", "404, true, true"})
    void a_vllm_that_sleeps_is_not_available(int status, boolean sleeping, boolean up) throws Exception {
        backend.script = (request, connection) -> {
            if (request.line().contains("/is_sleeping")) {
                connection.answer(status, "application/json", "{\"is_sleeping\": " + sleeping + "}");
            } else {
                connection.answer(200, "text/plain", "");
            }
        };

        assertThat(probe(BackendType.VLLM).up()).isEqualTo(up);
    }

    @ParameterizedTest
    @CsvSource({"loading, false", "loaded, true", "unloaded, true"})
    void a_router_that_loads_the_model_is_not_available(String status, boolean up) throws Exception {
        backend.script = ModelServers.llamaCppRouter(status, "other", "qwen");
        assertThat(probe(BackendType.LLAMA_CPP).up()).isEqualTo(up);
        backend.script = ModelServers.llamaCppRouter(status, "other");
        assertThat(probe(BackendType.LLAMA_CPP).up()).isTrue();
    }

    @Test
    void silence_refusal_and_noise_are_not_available() throws Exception {
        assertThat(probe(BackendType.OPENAI).up()).isFalse();
        backend.script = (request, connection) -> connection.write("hello\r\n");
        assertThat(probe(BackendType.OPENAI).up()).isFalse();
        backend.script = (request, connection) -> connection.awaitClose();
        Availability silent = probe(llm(BackendType.OPENAI, null, Duration.ofMillis(100)));
        assertThat(silent.up()).isFalse();
        assertThat(silent.detail()).isEqualTo("no answer within 100 ms");
        backend.close();
        assertThat(probe(BackendType.OPENAI).up()).isFalse();
    }

    @Test
    void the_publishers_own_url_is_asked_instead() throws Exception {
        backend.script = ScriptedBackend.answering(200, "text/plain", "");
        URI own = URI.create("http://127.0.0.1:" + backend.port() + "/up?x=1");

        assertThat(probe(llm(BackendType.VLLM, own, Duration.ofSeconds(5))).up())
                .isTrue();

        assertThat(backend.requests.take().line()).isEqualTo("GET /up?x=1 HTTP/1.1");
        assertThat(backend.requests).isEmpty();
    }
}
