package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code GET /v1/models}, the probes, and what is not there. */
class DoorModelsTest {
    private static final long START = 1_767_225_600; // of the test's clock: 2026-01-01

    private final DoorHarness door = DoorHarness.start();
    private final ScriptedAgent agent = door.agent();
    private final WireClient client = door.client();

    @AfterEach
    void close() {
        door.close();
    }

    private WireClient.Answer ask(String method, String path, String... headers) {
        StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nhost: x\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return client.send(head + "\r\n").answer();
    }

    private WireClient.Answer get(String path, String... headers) {
        return ask("GET", path, headers);
    }

    private static String model(String id, long created, String owner) {
        return "{\"id\":\"" + id + "\",\"object\":\"model\",\"created\":" + created + ",\"owned_by\":\"" + owner
                + "\"}";
    }

    @Test
    void sleeping_ones_and_pools_are_listed_and_inactive_ones_are_not() {
        agent.register(
                ScriptedAgent.awake("b/awake"),
                ScriptedAgent.asleep("c:asleep"),
                ScriptedAgent.offer(LlmSpec.newBuilder().setName("d").setPool("a-pool"), LlmStatus.LLM_STATUS_ACTIVE));
        door.advance(Duration.ofSeconds(5));
        ScriptedAgent other = door.harness().agent("other");
        other.register(
                ScriptedAgent.offer(LlmSpec.newBuilder().setName("e").setPool("a-pool"), LlmStatus.LLM_STATUS_ACTIVE),
                ScriptedAgent.awake("f"));
        ScriptedAgent gone = door.harness().agent("gone");
        gone.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("g").setPool("lost-pool"), LlmStatus.LLM_STATUS_ACTIVE));
        gone.goodbye();

        WireClient.Answer answer = get("/v1/models");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.head().header("content-type")).isEqualTo("application/json");
        assertThat(answer.text())
                .isEqualTo("{\"object\":\"list\",\"data\":["
                        + String.join(
                                ",",
                                model("a-pool", START, "dormouse"),
                                model("b/awake", START, "desk"),
                                model("c:asleep", START, "desk"),
                                model("d", START, "desk"),
                                model("e", START + 5, "other"),
                                model("f", START + 5, "other"))
                        + "]}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"org/qwen:8b", "org%2Fqwen%3A8b", "org%2fqwen:8b", "org/qwen:8b?x=1"})
    void one_is_found_by_its_name_however_the_path_is_written(String id) {
        agent.register(ScriptedAgent.asleep("org/qwen:8b"));

        assertThat(get("/v1/models/" + id).text()).isEqualTo(model("org/qwen:8b", START, "desk"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody", "qwe", "qwen/", "%zz", "gone"})
    void what_is_not_to_be_had_is_not_found(String id) {
        agent.register(ScriptedAgent.awake("qwen"));
        ScriptedAgent gone = door.harness().agent("gone");
        gone.register(ScriptedAgent.awake("gone"));
        gone.goodbye();

        WireClient.Answer answer = get("/v1/models/" + id);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text()).contains("\"code\":\"model_not_found\"");
    }

    @Test
    void anthropics_clients_get_their_own_shape() {
        String version = "anthropic-version: 2023-06-01";
        assertThat(get("/v1/models", version).text())
                .isEqualTo("{\"data\":[],\"has_more\":false,\"first_id\":null,\"last_id\":null}");
        agent.register(ScriptedAgent.awake("a"), ScriptedAgent.awake("b"));

        String a = "{\"type\":\"model\",\"id\":\"a\",\"display_name\":\"a\",\"created_at\":\"2026-01-01T00:00:00Z\"}";
        assertThat(get("/v1/models", version).text())
                .isEqualTo("{\"data\":[" + a + "," + a.replace("\"a\"", "\"b\"")
                        + "],\"has_more\":false,\"first_id\":\"a\",\"last_id\":\"b\"}");
        assertThat(get("/v1/models/a", version).text()).isEqualTo(a);
        assertThat(get("/v1/models/c", version).text())
                .startsWith("{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/models", "/v1/models/qwen", "/healthz", "/readyz"})
    void where_a_get_works_a_head_does(String path) {
        agent.register(ScriptedAgent.awake("qwen"));
        int length = get(path).body().length;

        WireClient.Head head =
                client.send("HEAD " + path + " HTTP/1.1\r\nhost: x\r\n\r\n").head();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("content-length")).isEqualTo(Integer.toString(length));
        assertThat(get(path).status()).as("no body has followed").isEqualTo(200);
    }

    @Test
    void the_probes_say_whether_it_lives_and_whether_it_is_to_be_sent_work() throws InterruptedException {
        assertThat(get("/healthz").text()).isEqualTo("{\"status\":\"alive\"}");
        assertThat(get("/readyz").text()).isEqualTo("{\"status\":\"ready\"}");

        door.harness().server().drain(Duration.ZERO);
        assertThat(get("/healthz").status()).isEqualTo(200);
        assertThat(get("/readyz").status()).isEqualTo(503);
        assertThat(get("/readyz").text()).isEqualTo("{\"status\":\"draining\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "GET,    /nothing,              404, not_found,          ''",
        "POST,   /nothing,              404, not_found,          ''",
        "GET,    /v1,                   404, not_found,          ''",
        "GET,    /v1/files,             404, not_found,          ''",
        "DELETE, /v1/files/f1,          404, not_found,          ''",
        "GET,    /v1/responses/r1,      404, not_found,          ''",
        "GET,    /v1/chat/completions,  405, method_not_allowed, POST",
        "PUT,    /v1/rerank,            405, method_not_allowed, POST",
        "OPTIONS,/v1/embeddings,        405, method_not_allowed, POST",
        "POST,   /v1/models,            405, method_not_allowed, 'GET, HEAD'",
        "DELETE, /v1/models/qwen,       405, method_not_allowed, 'GET, HEAD'",
        "POST,   /healthz,              405, method_not_allowed, 'GET, HEAD'",
    })
    void what_is_not_there_is_said_to_be_so_and_the_connection_goes_on(
            String method, String path, int status, String code, String allow) {
        WireClient.Answer answer = ask(method, path);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text()).contains("\"" + code + "\"", path);
        assertThat(answer.head().header("allow")).isEqualTo(allow);
        assertThat(answer.head().header("connection")).isNotEqualTo("close");
        assertThat(get("/healthz").status()).isEqualTo(200);
    }

    @Test
    void outside_of_openais_paths_an_error_is_plain() {
        assertThat(get("/nothing").text())
                .isEqualTo("{\"error\":\"there is nothing at /nothing\",\"code\":\"not_found\"}");
        assertThat(get("/v1/files").text()).startsWith("{\"error\":{\"message\":");
        assertThat(get("/v1/messages").text())
                .startsWith("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\"");
    }
}
