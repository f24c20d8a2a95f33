package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.InferHead;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an HTTP client sends reaches the agent as it is, and what the agent answers comes back as it is, as it comes. */
class DoorPassThroughTest {
    private final DoorHarness door = DoorHarness.start();
    private final ScriptedAgent agent = door.agent();
    private final WireClient client = door.client();

    @AfterEach
    void close() {
        door.close();
    }

    @Test
    void the_body_passes_byte_for_byte_and_the_answer_too() {
        agent.register(ScriptedAgent.awake("qwen"));
        String body = "{ \"x\":1.10,\"model\" : \"qwen\", \"n\":12345678901234567890123, \"é\":\"\\u00e9\"}\n";

        client.post("/v1/chat/completions?a=b%20c", body);
        Infer task = door.asked();

        assertThat(task.getLlm()).isEqualTo("qwen");
        assertThat(task.getPath()).isEqualTo("chat/completions?a=b%20c");
        assertThat(task.getContentType()).isEqualTo("application/json");
        assertThat(door.input(task)).isEqualTo(body);
        agent.answer(task, "{\"ok\":\"é\"}");
        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.head().header("content-type")).isEqualTo("application/json");
        assertThat(answer.head().header("x-dormouse-task")).isEqualTo(task.getTaskId());
        assertThat(answer.text()).isEqualTo("{\"ok\":\"é\"}");
    }

    @Test
    void each_frame_leaves_while_the_backend_still_holds_the_next() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/chat/completions", "{\"model\":\"qwen\",\"stream\":true}");
        Infer task = door.asked();
        agent.head(task, 200, "text/event-stream");

        long sent = 0;
        for (String frame : List.of("data: {\"a\":1}\n\n", "data: {\"a\":2}\n\n", "data: [DONE]\n\n")) {
            agent.chunk(task, sent, frame);
            sent += frame.length();
            if (sent == frame.length()) {
                assertThat(client.head().header("content-type")).isEqualTo("text/event-stream");
            }
            assertThat(client.chunk()).isEqualTo(frame);
        }
        agent.end(task, sent);
        assertThat(client.chunk()).isEmpty();
    }

    @Test
    void the_few_headers_that_pass_do_and_credentials_do_not() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post(
                "/v1/messages",
                "{\"model\":\"qwen\"}",
                "authorization: Bearer secret",
                "x-api-key: secret",
                "cookie: a=b",
                "Accept: text/event-stream",
                "traceparent: 00-1-2-03",
                "tracestate: a=1",
                "tracestate: b=2",
                "x-request-id: r1",
                "anthropic-version: 2023-06-01",
                "anthropic-beta: x",
                "openai-beta: y");

        assertThat(door.asked().getHeadersMap())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "accept", "text/event-stream",
                        "traceparent", "00-1-2-03",
                        "tracestate", "a=1,b=2",
                        "x-request-id", "r1",
                        "anthropic-version", "2023-06-01",
                        "anthropic-beta", "x",
                        "openai-beta", "y"));
    }

    @Test
    void a_backends_own_error_comes_back_as_it_is_with_its_headers() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/chat/completions", "{\"model\":\"qwen\",\"stream\":true}");
        Infer task = door.asked();
        agent.send(AgentMessage.newBuilder()
                .setInferHead(InferHead.newBuilder()
                        .setTaskId(task.getTaskId())
                        .setStatus(429)
                        .setContentType("application/problem+json")
                        .putHeaders("retry-after", "7")
                        .putHeaders("x-request-id", "backends")));
        agent.chunk(task, 0, "{\"detail\":\"slow down\"}");
        agent.end(task, 22);

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.head().header("content-type")).isEqualTo("application/problem+json");
        assertThat(answer.head().header("retry-after")).isEqualTo("7");
        assertThat(answer.head().header("x-request-id")).isEqualTo("backends");
        assertThat(answer.text()).isEqualTo("{\"detail\":\"slow down\"}");
    }

    @Test
    void deadlines_stand_in_headers_and_only_shorten() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post(
                "/v1/chat/completions",
                "{\"model\":\"qwen\"}",
                "x-dormouse-deadline-first-byte: 20s",
                "x-dormouse-deadline-idle: 1d",
                "x-dormouse-deadline-total: 5m");

        Infer task = door.asked();
        assertThat(task.getFirstByteTimeout().getSeconds()).isEqualTo(20);
        assertThat(task.getIdleTimeout().getSeconds()).isEqualTo(60);
        assertThat(task.getTimeout().getSeconds()).isEqualTo(300);
    }

    @ParameterizedTest
    @ValueSource(strings = {"20", "0s", "-1s", "soon", ""})
    void a_deadline_that_is_none_is_refused_by_name(String value) {
        client.post("/v1/chat/completions", "{\"model\":\"qwen\"}", "x-dormouse-deadline-wake: " + value);

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("x-dormouse-deadline-wake", "\"param\":\"x-dormouse-deadline-wake\"");
    }

    @Test
    void a_form_is_for_the_llm_that_its_model_names_after_a_big_file() {
        agent.register(ScriptedAgent.awake("whisper"));
        String body = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                + "Content-Type: audio/wav\r\n\r\n" + "model\r\n\0".repeat(40_000)
                + "\r\n--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--XX--\r\n";
        client.post("/v1/audio/transcriptions", body, "content-type: multipart/form-data; boundary=XX");

        Infer task = door.asked();
        assertThat(task.getContentType()).isEqualTo("multipart/form-data; boundary=XX");
        assertThat(door.input(task)).isEqualTo(body);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "{\"messages\":[]} | model: needed",
                "{\"model\":7} | model: a text",
                "{\"model\":null} | model: a text",
                "{\"model\":\"a b\"} | 1 to 128 of a-z",
                "{\"model\":\"\"} | 1 to 128 of a-z",
            })
    void a_body_without_a_model_is_told_so(String body, String rule) {
        client.post("/v1/chat/completions", body);

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("\"param\":\"model\"", "\"code\":\"malformed\"", rule);
    }

    @Test
    void what_is_nested_too_deeply_is_refused_and_none_of_it_is_held() {
        client.post("/v1/chat/completions", "{\"model\":\"qwen\",\"x\":" + "[".repeat(1001) + "]".repeat(1001) + "}");

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("\"code\":\"malformed\"", "nested deeper than 1000 levels");
        assertThat(door.harness().server().relay().bufferedBytes()).isZero();
    }

    @Test
    void of_two_models_the_last_counts() {
        agent.register(ScriptedAgent.awake("qwen"));
        String body = "{\"model\":\"other\",\"model\":\"qwen\"}";
        client.post("/v1/chat/completions", body);

        Infer task = door.asked();
        assertThat(task.getLlm()).isEqualTo("qwen");
        assertThat(door.input(task)).isEqualTo(body);
    }

    @Test
    void a_deadline_that_there_is_not_is_refused_by_its_name() {
        client.post("/v1/chat/completions", "{\"model\":\"qwen\"}", "X-Dormouse-Deadline-First_Byte: 2s");

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("x-dormouse-deadline-first_byte", "queue, wake, first-byte, idle, total");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "hello", "[]", "{\"model\":\"qwen\"", "{\"model\":\"qwen\"} x", "{\"model\":\"qwen\",}"})
    void what_is_no_json_is_refused_before_anybody_is_woken(String body) {
        agent.register(ScriptedAgent.asleep("qwen"));
        client.post("/v1/chat/completions", body);

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("\"code\":\"malformed\"", "\"type\":\"invalid_request_error\"");
        assertThat(agent.wakes()).isEmpty();
    }

    @Test
    void a_body_of_another_type_is_refused_with_the_types_that_do() {
        client.post("/v1/chat/completions", "{\"model\":\"qwen\"}", "content-type: application/x-www-form-urlencoded");

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("application/json or multipart/form-data");
    }

    @Test
    void of_a_model_that_stands_there_twice_the_last_counts() {
        agent.register(ScriptedAgent.awake("one"), ScriptedAgent.awake("two"));
        client.post("/v1/chat/completions", "{\"model\":\"one\",\"model\":\"two\"}");

        assertThat(door.asked().getLlm()).isEqualTo("two");
    }

    @Test
    void a_pools_name_reaches_a_member() {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen-desk").setPool("qwen"), LlmStatus.LLM_STATUS_ACTIVE));
        agent.onInfer(task -> agent.answer(task, task.getLlm()));

        assertThat(client.post("/v1/x", "{\"model\":\"qwen\"}").answer().text()).isEqualTo("qwen-desk");
    }

    @Test
    void a_path_that_climbs_out_is_refused() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/chat/%2e%2e/%2e%2e/admin", "{\"model\":\"qwen\"}");

        assertThat(client.answer().status()).isEqualTo(400);
        assertThat(agent.infers()).isEmpty();
    }

    @Test
    void requests_that_follow_one_another_on_a_connection_are_answered_in_order() {
        agent.register(ScriptedAgent.awake("qwen"));
        agent.onInfer(task -> agent.answer(task, task.getPath()));
        client.post("/v1/one", "{\"model\":\"qwen\"}")
                .post("/v1/two", "{\"model\":\"qwen\"}")
                .post("/v1/three", "{\"model\":\"nobody\"}")
                .post("/v1/four", "{\"model\":\"qwen\"}");

        assertThat(client.answer().text()).isEqualTo("one");
        assertThat(client.answer().text()).isEqualTo("two");
        assertThat(client.answer().status()).isEqualTo(404);
        assertThat(client.answer().text()).isEqualTo("four");
    }

    @Test
    void a_client_of_http_1_0_gets_the_bytes_and_then_the_end() {
        agent.register(ScriptedAgent.awake("qwen"));
        agent.onInfer(task -> agent.answer(task, "all of it"));
        client.send(
                "POST /v1/x HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"model\":\"qwen\"}");

        WireClient.Head head = client.head();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.headers()).doesNotContainKey("transfer-encoding");
        assertThat(client.rest()).isEqualTo("all of it");
    }

    @Test
    void an_answer_without_a_body_has_none() {
        agent.register(ScriptedAgent.awake("qwen"));
        agent.onInfer(task -> {
            agent.head(task, 204, "");
            agent.end(task, 0);
        });
        client.post("/v1/x", "{\"model\":\"qwen\"}").post("/v1/x", "{\"model\":\"qwen\"}");

        for (int i = 0; i < 2; i++) {
            WireClient.Head head = client.head();
            assertThat(head.status()).isEqualTo(204);
            assertThat(head.headers()).doesNotContainKeys("transfer-encoding", "content-length");
        }
    }

    @Test
    void a_body_in_chunks_passes_as_one() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.send("POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
        String body = "{\"model\":\"qwen\"}";
        for (char c : body.toCharArray()) {
            client.send("1\r\n" + c + "\r\n");
        }
        client.send("0\r\n\r\n");

        assertThat(door.input(door.asked())).isEqualTo(body);
    }
}
