package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.Infer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an HTTP client sends reaches the agent as it is, and what the agent answers comes back as it is, as it comes. */
class DoorPassThroughTest {
    private final Harness harness = Harness.withDoor();
    private final ScriptedAgent agent = harness.agent("desk");
    private final WireClient client = WireClient.connect(harness.server().httpAddress());

    @AfterEach
    void close() {
        client.close();
        harness.close();
    }

    private Infer asked() {
        await().until(() -> !agent.infers().isEmpty());
        return agent.infers().get(agent.infers().size() - 1);
    }

    private String input(Infer task) {
        await().until(() -> agent.input(task).size() == task.getInputBytes());
        return agent.input(task).toStringUtf8();
    }

    @Test
    void the_body_passes_byte_for_byte_and_the_answer_too() {
        agent.register(ScriptedAgent.awake("qwen"));
        String body = "{ \"x\":1.10,\"model\" : \"qwen\", \"n\":12345678901234567890123, \"é\":\"\\u00e9\"}\n";

        client.post("/v1/chat/completions?a=b%20c", body);
        Infer task = asked();

        assertThat(task.getLlm()).isEqualTo("qwen");
        assertThat(task.getPath()).isEqualTo("chat/completions?a=b%20c");
        assertThat(task.getContentType()).isEqualTo("application/json");
        assertThat(input(task)).isEqualTo(body);
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
        Infer task = asked();
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
    void a_refusal_has_openais_shape() {
        client.post("/v1/chat/completions", "{\"model\":\"nobody\"}");
        WireClient.Answer answer = client.answer();

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text())
                .isEqualTo("{\"error\":{\"message\":\"there is no Llm nobody\",\"type\":\"invalid_request_error\","
                        + "\"param\":null,\"code\":\"model_not_found\"}}");
    }
}
