package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.Recipe.ReadyMade.Action;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The requests of the ready-made recipes, to the byte, against real sockets. */
class ReadyMadeRunTest {
    /** A name that has to be quoted with care. */
    private static final String MODEL = "a \"b\"\\c:1";

    private static final String QUOTED = "\"a \\\"b\\\"\\\\c:1\"";

    private final Vertx vertx = Vertx.vertx();
    private final Loop loop = new VertxLoop(vertx);
    private final HttpClients clients = new HttpClients(vertx);
    private final ScriptedBackend backend = new ScriptedBackend(ScriptedBackend.answering(200, "text/plain", "{}"));

    @AfterEach
    void close() {
        clients.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        backend.close();
    }

    /** What clients are told, a bar, and what the log says; empty where it went well. */
    private String run(BackendType kind, Action action, @Nullable Secret key) throws Exception {
        Recipe recipe = Recipe.ReadyMade.of(kind, action, backend.url(), MODEL, key);
        RecipeRunner runner = new RecipeRunner(new HttpCaller(clients, loop), loop, Runnable::run);
        CompletableFuture<String> ended = new CompletableFuture<>();
        loop.execute(() -> Then.handle(
                runner.run(recipe, Duration.ofSeconds(20)),
                (nothing, failure) -> ended.complete(
                        failure == null ? "" : RecipeFailed.told(failure) + "|" + RecipeFailed.detail(failure))));
        try {
            return ended.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private String run(BackendType kind, Action action) throws Exception {
        return run(kind, action, null);
    }

    private List<String> asked() {
        List<String> asked = new ArrayList<>();
        backend.requests.forEach(request -> asked.add(
                request.line().replace(" HTTP/1.1", "") + (request.text().isEmpty() ? "" : " " + request.text())));
        backend.requests.clear();
        return asked;
    }

    @Test
    void ollama() throws Exception {
        assertThat(run(BackendType.OLLAMA, Action.WAKE)).isEmpty();
        assertThat(backend.requests.element().headers()).containsEntry("content-type", "application/json");
        assertThat(asked()).containsExactly("POST /api/generate {\"model\":" + QUOTED + "}");

        assertThat(run(BackendType.OLLAMA, Action.SLEEP)).isEmpty();
        assertThat(asked()).containsExactly("POST /api/generate {\"model\":" + QUOTED + ",\"keep_alive\":0}");
    }

    @Test
    void a_model_for_embeddings_is_woken_by_ollamas_other_path() throws Exception {
        backend.script = (request, connection) -> {
            boolean generate = request.line().contains("/api/generate");
            connection.answer(
                    generate ? 400 : 200,
                    "application/json",
                    generate ? "{\"error\":\"\\\"nomic\\\" does not support generate\"}" : "{\"embeddings\":[]}");
        };
        assertThat(run(BackendType.OLLAMA, Action.WAKE)).isEmpty();
        assertThat(asked())
                .containsExactly(
                        "POST /api/generate {\"model\":" + QUOTED + "}", "POST /api/embed {\"model\":" + QUOTED + "}");
    }

    @Test
    void a_refusal_is_told_by_its_status_and_quoted_in_the_log() throws Exception {
        backend.script = ScriptedBackend.answering(404, "application/json", "{\"error\":\"model 'x' not found\"}");
        assertThat(run(BackendType.OLLAMA, Action.WAKE))
                .startsWith("its request was answered 404|")
                .endsWith("answered 404: {\"error\":\"model 'x' not found\"}");
        assertThat(asked()).hasSize(1);
    }

    @Test
    void llama_cpps_router() throws Exception {
        assertThat(run(BackendType.LLAMA_CPP, Action.WAKE)).isEmpty();
        assertThat(asked()).containsExactly("POST /models/load {\"model\":" + QUOTED + "}");
        assertThat(run(BackendType.LLAMA_CPP, Action.SLEEP)).isEmpty();
        assertThat(asked()).containsExactly("POST /models/unload {\"model\":" + QUOTED + "}");
    }

    @Test
    void what_llama_cpp_has_loaded_already_is_awake_and_what_it_has_not_sleeps() throws Exception {
        backend.script = ScriptedBackend.answering(
                400, "application/json", "{\"error\":{\"code\":400,\"message\":\"model is already loaded\"}}");
        assertThat(run(BackendType.LLAMA_CPP, Action.WAKE)).isEmpty();
        backend.script = ScriptedBackend.answering(
                400, "application/json", "{\"error\":{\"code\":400,\"message\":\"model is not loaded\"}}");
        assertThat(run(BackendType.LLAMA_CPP, Action.SLEEP)).isEmpty();
        backend.script = ScriptedBackend.answering(
                400, "application/json", "{\"error\":{\"code\":400,\"message\":\"model not found\"}}");
        assertThat(run(BackendType.LLAMA_CPP, Action.WAKE)).contains("model not found");
    }

    private void lmStudioHas(String... instances) {
        String loaded = String.join(
                ",",
                List.of(instances).stream()
                        .map(id -> "{\"id\":\"" + id + "\",\"config\":{}}")
                        .toList());
        backend.script = (request, connection) -> connection.answer(
                200,
                "application/json",
                request.line().startsWith("GET")
                        ? "{\"models\":[{\"key\":\"other\",\"loaded_instances\":[{\"id\":\"other\"}]},{\"key\":"
                                + QUOTED + ",\"loaded_instances\":[" + loaded + "]}]}"
                        : "{\"status\":\"loaded\"}");
    }

    @Test
    void lm_studio_loads_what_is_not_loaded() throws Exception {
        lmStudioHas();
        assertThat(run(BackendType.LMSTUDIO, Action.WAKE)).isEmpty();
        assertThat(asked())
                .containsExactly("GET /api/v1/models", "POST /api/v1/models/load {\"model\":" + QUOTED + "}");

        lmStudioHas("one");
        assertThat(run(BackendType.LMSTUDIO, Action.WAKE)).isEmpty();
        assertThat(asked()).containsExactly("GET /api/v1/models"); // a second time it would take the memory twice
    }

    @Test
    void lm_studio_unloads_each_instance_of_the_model_and_no_other() throws Exception {
        lmStudioHas("one", "one:2");
        assertThat(run(BackendType.LMSTUDIO, Action.SLEEP)).isEmpty();
        assertThat(asked())
                .containsExactly(
                        "GET /api/v1/models",
                        "POST /api/v1/models/unload {\"instance_id\":\"one\"}",
                        "POST /api/v1/models/unload {\"instance_id\":\"one:2\"}");

        lmStudioHas();
        assertThat(run(BackendType.LMSTUDIO, Action.SLEEP)).isEmpty();
        assertThat(asked()).containsExactly("GET /api/v1/models");
    }

    @Test
    void an_lm_studio_that_is_too_old_says_so() throws Exception {
        backend.script = ScriptedBackend.answering(200, "application/json", "{\"error\":\"Unexpected endpoint\"}");
        assertThat(run(BackendType.LMSTUDIO, Action.WAKE)).contains("Unexpected endpoint", "0.4");
    }

    @Test
    void vllm() throws Exception {
        assertThat(run(BackendType.VLLM, Action.WAKE)).isEmpty();
        assertThat(asked()).containsExactly("POST /wake_up");
        assertThat(run(BackendType.VLLM, Action.SLEEP)).isEmpty();
        assertThat(asked()).containsExactly("POST /sleep?level=1");
    }

    @Test
    void the_backends_key_goes_along_and_is_not_said() throws Exception {
        Secret key = new Secret("sk-1");
        assertThat(run(BackendType.VLLM, Action.WAKE, key)).isEmpty();
        assertThat(backend.requests.take().headers()).containsEntry("authorization", "Bearer sk-1");
        assertThat(Recipe.ReadyMade.of(BackendType.VLLM, Action.WAKE, backend.url(), "m", key)
                        .toString())
                .doesNotContain("sk-1");
    }

    @Test
    void a_backend_that_is_gone_fails_the_recipe() throws Exception {
        backend.close();
        assertThat(run(BackendType.OLLAMA, Action.SLEEP)).contains("POST /api/generate");
    }
}
