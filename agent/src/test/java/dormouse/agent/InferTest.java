package dormouse.agent;

import static dormouse.agent.InferScene.BODY;
import static dormouse.agent.InferScene.reason;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.AgentHarness.Answer;
import dormouse.agent.ScriptedBackend.Request;
import dormouse.v1.AgentMessage;
import dormouse.v1.Probe;
import dormouse.v1.ServerMessage;
import dormouse.v1.Sleep;
import dormouse.v1.Wake;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Inferences through a whole agent to real sockets: what comes back, and what is refused. */
class InferTest {
    private final InferScene scene = new InferScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void an_answer_comes_back_as_the_backend_gave_it() throws Exception {
        var peer = scene.attach((request, connection) -> {
            connection.head(
                    201,
                    "Content-Type: text/plain; charset=x",
                    "X-Request-Id: r1",
                    "Set-Cookie: s=1",
                    "Content-Length: 5");
            connection.write("hello");
        });

        AgentHarness.ask(
                peer,
                AgentHarness.infer("t1", "qwen", 0)
                        .putHeaders("traceparent", "00-1-2-01")
                        .putHeaders("Authorization", "Bearer client"),
                BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.head().getStatus()).isEqualTo(201);
        assertThat(answer.head().getContentType()).isEqualTo("text/plain; charset=x");
        assertThat(answer.head().getHeadersMap()).containsOnlyKeys("x-request-id");
        assertThat(answer.body()).isEqualTo("hello");
        assertThat(answer.end().hasError()).isFalse();
        assertThat(answer.end().getBytes()).isEqualTo(5);
        Request request = scene.asked();
        assertThat(request.line()).isEqualTo("POST /v1/chat/completions HTTP/1.1");
        assertThat(request.headers()).containsEntry("traceparent", "00-1-2-01").doesNotContainKey("authorization");
        assertThat(request.text()).isEqualTo(BODY);
    }

    @Test
    void an_empty_answer_has_a_head_and_an_end() {
        var peer = scene.attach((request, connection) -> connection.head(204));

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.head().getStatus()).isEqualTo(204);
        assertThat(answer.head().getContentType()).isEmpty();
        assertThat(answer.end().hasError()).isFalse();
    }

    @Test
    void the_head_is_held_until_the_first_byte() throws Exception {
        CountDownLatch headSent = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        var peer = scene.attach((request, connection) -> {
            connection.chunkedHead(200, "text/event-stream");
            headSent.countDown();
            go.await();
            connection.chunk("data: 1\n\n");
            connection.write("0\r\n\r\n");
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        assertThat(headSent.await(10, TimeUnit.SECONDS)).isTrue();
        peer.received.clear();
        // a second task goes all the way through: the first one's head had every chance to come
        peer.send(ServerMessage.newBuilder().setProbe(Probe.getDefaultInstance()));
        peer.await(AgentMessage::hasHeartbeat, "the answer to the probe");
        assertThat(peer.received).noneMatch(AgentMessage::hasInferHead);
        go.countDown();

        assertThat(AgentHarness.answer(peer, "t1").body()).isEqualTo("data: 1\n\n");
    }

    @Test
    void an_error_of_the_backend_passes_as_it_is() {
        var peer = scene.attach(ScriptedBackend.answering(500, "application/json", "{\"error\":\"full\"}"));

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.head().getStatus()).isEqualTo(500);
        assertThat(answer.body()).isEqualTo("{\"error\":\"full\"}");
        assertThat(answer.end().hasError()).isFalse();
    }

    @Test
    void usage_is_told_at_the_end() {
        var peer = scene.attach((request, connection) -> {
            connection.chunkedHead(200, "text/event-stream");
            connection.chunk("data: {\"usage\":null}\n\n");
            connection.chunk("data: {\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":11}}\n\n");
            connection.write("0\r\n\r\n");
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.end().getUsage().getPromptTokens()).isEqualTo(7);
        assertThat(answer.end().getUsage().getCompletionTokens()).isEqualTo(11);
    }

    @Test
    void each_phase_has_its_deadline() {
        var peer = scene.attach((request, connection) -> {
            if (request.text().contains("drip")) {
                connection.chunkedHead(200, "text/plain");
                connection.chunk("a");
            }
            connection.awaitClose();
        });
        Duration little = Duration.ofMillis(100);

        AgentHarness.ask(peer, AgentHarness.infer("first", "qwen", 0).setFirstByteTimeout(Spans.proto(little)), BODY);
        assertThat(reason(AgentHarness.answer(peer, "first"))).isEqualTo("FIRST_BYTE_TIMEOUT");

        AgentHarness.ask(
                peer,
                AgentHarness.infer("idle", "qwen", 0).setIdleTimeout(Spans.proto(little)),
                "{\"model\":\"drip\"," + "\"drip\":1}");
        Answer idle = AgentHarness.answer(peer, "idle");
        assertThat(reason(idle)).isEqualTo("IDLE_TIMEOUT");
        assertThat(idle.body()).isEqualTo("a");

        AgentHarness.ask(peer, AgentHarness.infer("total", "qwen", 0).setTimeout(Spans.proto(little)), BODY);
        assertThat(reason(AgentHarness.answer(peer, "total"))).isEqualTo("DEADLINE");
    }

    @Test
    void what_breaks_the_rules_is_refused_before_the_backend_hears_of_it() {
        var peer = scene.attach((request, connection) -> {
            throw new AssertionError("asked");
        });

        AgentHarness.ask(peer, AgentHarness.infer("path", "qwen", 0).setPath("../admin"), BODY);
        assertThat(reason(AgentHarness.answer(peer, "path"))).isEqualTo("MALFORMED");
        AgentHarness.ask(peer, "json", "qwen", "{\"model\":");
        assertThat(reason(AgentHarness.answer(peer, "json"))).isEqualTo("MALFORMED");
        AgentHarness.ask(peer, "name", "nobody", BODY);
        assertThat(reason(AgentHarness.answer(peer, "name"))).isEqualTo("LLM_NOT_FOUND");
        peer.send(ServerMessage.newBuilder()
                .setInfer(AgentHarness.infer("size", "qwen", 0).setInputBytes(BodyBudget.LARGEST_BODY + 1)));
        assertThat(reason(AgentHarness.answer(peer, "size"))).isEqualTo("TOO_LARGE");
        peer.send(ServerMessage.newBuilder().setInfer(AgentHarness.infer("gap", "qwen", 10)));
        AgentHarness.input(peer, "gap", 5, new byte[5], true);
        assertThat(reason(AgentHarness.answer(peer, "gap"))).isEqualTo("MALFORMED");
        peer.send(ServerMessage.newBuilder().setInfer(AgentHarness.infer("flood", "qwen", 1 << 20)));
        AgentHarness.input(peer, "flood", 0, new byte[65 * 1024], false);
        assertThat(reason(AgentHarness.answer(peer, "flood"))).isEqualTo("MALFORMED");
        assertThat(scene.backend.requests).noneMatch(request -> request.line().startsWith("POST"));
    }

    @Test
    void a_task_for_an_llm_that_was_put_to_sleep_ends_before_anything_is_sent() {
        scene.backend.script = ScriptedBackend.answering(200, "text/plain", "ok");
        Recipe recipe = new Recipe.Http(
                URI.create("http://127.0.0.1:" + scene.backend.port() + "/sleep"), "POST", Map.of(), "");
        var peer = scene.harness.attach(new LlmConfig(
                "qwen",
                scene.backend.url(),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(20)),
                new LlmConfig.Wake(recipe, Duration.ofSeconds(20)),
                new LlmConfig.Sleep(recipe, Duration.ofSeconds(20), null),
                null));
        peer.send(ServerMessage.newBuilder()
                .setSleep(Sleep.newBuilder().setTaskId("s1").setLlm("qwen")));
        assertThat(peer.await(AgentMessage::hasSleepResult, "the result of the sleep")
                        .getSleepResult()
                        .hasError())
                .isFalse();

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("NOT_AWAKE");
        peer.send(ServerMessage.newBuilder()
                .setWake(Wake.newBuilder().setTaskId("w1").setLlm("qwen")));
        assertThat(peer.await(AgentMessage::hasWakeResult, "the result of the wake")
                        .getWakeResult()
                        .hasError())
                .isFalse();
        AgentHarness.ask(peer, "t2", "qwen", BODY);
        assertThat(AgentHarness.answer(peer, "t2").body()).isEqualTo("ok");
    }
}
