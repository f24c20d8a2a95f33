package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.Infer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Wake;
import io.grpc.Status.Code;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Event streams that have to wait, and streams that fail. */
class DoorStreamsTest {
    private static final String STREAM = "{\"model\":\"qwen\",\"stream\":true}";
    private static final Duration SPELL = Duration.ofSeconds(10);

    private final DoorHarness door = DoorHarness.start();
    private final ScriptedAgent agent = door.agent();
    private final WireClient client = door.client();

    @AfterEach
    void close() {
        door.close();
    }

    private Wake wake() {
        await().until(() -> !agent.wakes().isEmpty());
        return agent.wakes().get(0);
    }

    /** A stream that is being kept alive by comments, its task at the agent. */
    private Infer commented(String path) {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post(path, STREAM);
        Infer task = door.asked();
        door.advance(SPELL);
        assertThat(client.head().status()).isEqualTo(200);
        assertThat(client.chunk()).isEqualTo(": dispatched\n\n");
        return task;
    }

    private void fails(Infer task, long sent, String reason, String message) {
        agent.end(task, sent, Problems.status(Code.UNAVAILABLE, reason, message));
    }

    private void answers(Infer task, int status, String type, String text) {
        agent.head(task, status, type);
        ByteString data = ByteString.copyFromUtf8(text);
        agent.chunk(task, 0, data);
        agent.end(task, data.size());
    }

    @Test
    void a_wake_that_fails_within_the_quiet_spell_has_a_real_status() {
        agent.register(ScriptedAgent.asleep("qwen"));
        client.post("/v1/chat/completions", STREAM);
        Wake wake = wake();
        door.advance(Duration.ofMillis(9_999));
        agent.wakeFails(wake, "no power");

        WireClient.Answer answer = client.answer();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.head().header("content-type")).isEqualTo("application/json");
        assertThat(answer.head().header("retry-after")).isEqualTo("1");
        assertThat(answer.text()).contains("\"code\":\"wake_failed\"", "\"type\":\"server_error\"");
    }

    @Test
    void a_long_wake_is_filled_with_comments_and_then_the_answer_comes() {
        agent.register(ScriptedAgent.asleep("qwen"));
        client.post("/v1/chat/completions", STREAM);
        Wake wake = wake();
        door.advance(SPELL);
        WireClient.Head head = client.head();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("content-type")).isEqualTo("text/event-stream");
        assertThat(head.header("x-dormouse-task")).isNotEmpty();
        assertThat(client.chunk()).isEqualTo(": waking\n\n");
        door.advance(SPELL);
        assertThat(client.chunk()).isEqualTo(": waking\n\n");

        agent.awake(wake);
        Infer task = door.asked();
        door.advance(SPELL);
        assertThat(client.chunk()).isEqualTo(": dispatched\n\n");
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: 1\n\n");
        assertThat(client.chunk()).isEqualTo("data: 1\n\n");
        door.advance(SPELL);
        agent.chunk(task, 9, "data: 2\n\n");
        assertThat(client.chunk()).as("no comments once the answer has begun").isEqualTo("data: 2\n\n");
        agent.end(task, 18);
        assertThat(client.chunk()).isEmpty();
    }

    @Test
    void who_queues_is_kept_alive_too() {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE));
        WireClient first = door.client().post("/v1/chat/completions", STREAM);
        door.asked();
        client.post("/v1/chat/completions", STREAM);
        await().until(() -> door.harness()
                        .llms()
                        .getLlm(GetLlmRequest.newBuilder().setName("qwen").build())
                        .getQueuedTasks()
                == 1);
        door.advance(SPELL);

        assertThat(client.head().status()).isEqualTo(200);
        assertThat(client.chunk()).isEqualTo(": queued\n\n");
        first.cut();
    }

    @Test
    void a_request_that_does_not_stream_waits_in_silence_and_keeps_its_status() {
        agent.register(ScriptedAgent.asleep("qwen"));
        client.post("/v1/chat/completions", "{\"model\":\"qwen\",\"stream\":false}");
        Wake wake = wake();
        door.advance(Duration.ofSeconds(40));
        agent.wakeFails(wake, "no power");

        assertThat(client.answer().status()).isEqualTo(503);
    }

    @Test
    void a_failure_after_comments_is_one_event_and_there_is_no_done() {
        agent.register(ScriptedAgent.asleep("qwen"));
        client.post("/v1/chat/completions", STREAM);
        Wake wake = wake();
        door.advance(SPELL);
        client.head();
        client.chunk();
        agent.wakeFails(wake, "no power");

        assertThat(client.chunk())
                .startsWith("data: {\"error\":{\"message\":")
                .contains("\"type\":\"server_error\"", "\"code\":\"wake_failed\"")
                .endsWith("}}\n\n");
        assertThat(client.chunk()).isEmpty();
    }

    @Test
    void anthropics_clients_get_their_own_kind_of_event() {
        Infer task = commented("/v1/messages");
        fails(task, 0, "BACKEND_FAILED", "refused");

        assertThat(client.chunk())
                .isEqualTo("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\","
                        + "\"message\":\"refused\"}}\n\n");
        assertThat(client.chunk()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "/v1/chat/completions | {\"error\":{\"message\":\"no\\nroom\", \"n\":1.10,\"code\":7}}"
                        + " | data: {\"error\":{\"message\":\"no\\nroom\",\"n\":1.10,\"code\":7}}",
                "/v1/chat/completions | {\"error\":\"model not loaded\"}"
                        + " | data: {\"error\":{\"message\":\"the backend answered 418: model not loaded\",\"type\":"
                        + "\"invalid_request_error\",\"param\":null,\"code\":\"backend_error\"}}",
                "/v1/chat/completions | <h1>oops</h1>"
                        + " | data: {\"error\":{\"message\":\"the backend answered 418: <h1>oops</h1>\",\"type\":"
                        + "\"invalid_request_error\",\"param\":null,\"code\":\"backend_error\"}}",
                "/v1/messages | {\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"y\"}}"
                        + " | event: error⏎data: {\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"y\"}}",
                "/v1/messages | oops | event: error⏎data: {\"type\":\"error\",\"error\":{\"message\":"
                        + "\"the backend answered 418: oops\",\"type\":\"invalid_request_error\"}}",
            })
    void a_backends_own_error_after_comments_is_an_event_too(String path, String said, String told) {
        Infer task = commented(path);
        answers(task, 418, "application/json", said);

        assertThat(client.chunk()).isEqualTo(told.replace("⏎", "\n") + "\n\n");
        assertThat(client.chunk()).isEmpty();
    }

    @Test
    void a_backend_that_answers_whole_after_comments_is_passed_on_as_one_event() {
        Infer task = commented("/v1/chat/completions");
        agent.head(task, 200, "application/json");
        agent.chunk(task, 0, "{\n \"a\":");
        assertThat(client.chunk()).isEqualTo("data: {\ndata:  \"a\":");
        agent.chunk(task, 7, " 1}\r\n");
        assertThat(client.chunk()).isEqualTo(" 1}\n");
        agent.end(task, 12);

        assertThat(client.chunk()).isEqualTo("\n");
        assertThat(client.chunk()).isEmpty();
    }

    @Test
    void what_cannot_stand_in_an_event_is_an_error_after_comments() {
        Infer task = commented("/v1/audio/speech");
        answers(task, 200, "audio/mpeg", "xyz");

        assertThat(client.chunk())
                .contains("\"code\":\"backend_failed\"", "audio/mpeg")
                .doesNotContain("xyz");
        assertThat(client.chunk()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/chat/completions | 'data: 1\n\n' | 'data: {\"error\":{\"message\":\"cut off\"'",
                "/v1/chat/completions | 'data: 1\r\n\r\n' | 'data: {\"error\":{\"message\":\"cut off\"'",
                "/v1/chat/completions | 'data: 1\n' | '\ndata: {\"error\":{\"message\":\"cut off\"'",
                "/v1/chat/completions | 'data: {\"cho' | '\n\ndata: {\"error\":{\"message\":\"cut off\"'",
                "/v1/messages | 'data: 1\n\n' | 'event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"'",
            })
    void an_error_in_the_middle_of_a_stream_is_its_last_event(String path, String sent, String error) {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post(path, STREAM);
        Infer task = door.asked();
        agent.head(task, 200, "text/event-stream; charset=utf-8");
        agent.chunk(task, 0, sent);
        client.head();
        assertThat(client.chunk()).isEqualTo(sent);
        fails(task, sent.length(), "BACKEND_FAILED", "cut off");

        assertThat(client.chunk()).startsWith(error).endsWith("}}\n\n");
        assertThat(client.chunk()).isEmpty();
    }

    @Test
    void an_answer_that_is_no_stream_is_broken_off_so_that_nobody_takes_it_for_whole() {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/chat/completions", "{\"model\":\"qwen\"}");
        Infer task = door.asked();
        agent.head(task, 200, "application/json");
        agent.chunk(task, 0, "{\"a\":");
        client.head();
        assertThat(client.chunk()).isEqualTo("{\"a\":");
        fails(task, 5, "BACKEND_FAILED", "cut off");

        assertThat(client.rest()).isEmpty();
        door.awaitNothingLeft();
    }
}
