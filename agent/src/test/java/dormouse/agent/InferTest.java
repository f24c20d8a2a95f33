package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.AgentHarness.Answer;
import dormouse.agent.ScriptedBackend.Request;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Cancel;
import dormouse.v1.Drain;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.Probe;
import dormouse.v1.ServerMessage;
import dormouse.v1.Sleep;
import dormouse.v1.Wake;
import io.grpc.Status.Code;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Inferences through a whole agent to real sockets. */
class InferTest {
    private static final String BODY = "{\"model\":\"qwen\",\"temperature\":1.10}";

    private final AgentHarness harness = new AgentHarness();
    private final ScriptedBackend backend = new ScriptedBackend((request, connection) -> {});
    private final LlmConfig llm = LlmConfig.of("qwen", backend.url());

    @AfterEach
    void close() {
        harness.close();
        backend.close();
    }

    /** Answers checks by itself, and inferences by the script. */
    private ScriptedServer.Peer attach(ScriptedBackend.Script script) {
        backend.script = (request, connection) -> {
            if (request.line().startsWith("GET ")) {
                connection.answer(200, "application/json", "{}");
            } else {
                script.answer(request, connection);
            }
        };
        return harness.attach(llm);
    }

    private Request asked() throws InterruptedException {
        while (true) {
            Request request = backend.requests.poll(10, TimeUnit.SECONDS);
            if (request == null) {
                throw new AssertionError("the backend was not asked");
            }
            if (request.line().startsWith("POST")) {
                return request;
            }
        }
    }

    private static String reason(Answer answer) {
        return Problems.reason(answer.end().getError());
    }

    @Test
    void an_answer_comes_back_as_the_backend_gave_it() throws Exception {
        var peer = attach((request, connection) -> {
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
        Request request = asked();
        assertThat(request.line()).isEqualTo("POST /v1/chat/completions HTTP/1.1");
        assertThat(request.headers()).containsEntry("traceparent", "00-1-2-01").doesNotContainKey("authorization");
        assertThat(request.text()).isEqualTo(BODY);
    }

    @Test
    void an_empty_answer_has_a_head_and_an_end() {
        var peer = attach((request, connection) -> connection.head(204));

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
        var peer = attach((request, connection) -> {
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
    void a_cancel_closes_the_backends_connection() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        var peer = attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            connection.chunk("a");
            if (connection.awaitClose()) {
                closed.countDown();
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);
        peer.await(AgentMessage::hasInferChunk, "the first chunk");

        peer.send(ServerMessage.newBuilder()
                .setCancel(Cancel.newBuilder()
                        .setTaskId("t1")
                        .setReason(Problems.status(Code.RESOURCE_EXHAUSTED, "CLIENT_TOO_SLOW", "too slow"))));

        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("CLIENT_TOO_SLOW");
    }

    @Test
    void a_cancel_before_the_first_byte_closes_the_backends_connection() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        var peer = attach((request, connection) -> {
            if (connection.awaitClose()) {
                closed.countDown();
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);
        asked();

        peer.send(ServerMessage.newBuilder().setCancel(Cancel.newBuilder().setTaskId("t1")));

        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
        Answer answer = AgentHarness.answer(peer, "t1");
        assertThat(answer.head()).isEqualTo(InferHead.getDefaultInstance());
        assertThat(answer.end().getError().getCode()).isEqualTo(Code.CANCELLED.value());
    }

    @Test
    void nothing_is_sent_beyond_the_window_and_the_backend_is_slowed_down() throws Exception {
        long window = 64 * 1024;
        long size = 64L << 20;
        AtomicLong written = new AtomicLong();
        var peer = attach((request, connection) -> {
            connection.head(200, "Content-Type: text/plain", "Content-Length: " + size);
            byte[] piece = new byte[64 * 1024];
            for (long at = 0; at < size; at += piece.length) {
                connection.write(piece);
                written.addAndGet(piece.length);
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);

        long got = 0;
        while (got < window) {
            got += peer.await(AgentMessage::hasInferChunk, "a chunk")
                    .getInferChunk()
                    .getData()
                    .size();
        }
        assertThat(got).isEqualTo(window);
        long stalledAt = awaitStall(written);
        assertThat(stalledAt).isLessThan(size);
        assertThat(peer.received).noneMatch(AgentMessage::hasInferChunk);

        AgentHarness.consumed(peer, "t1", 1000);
        assertThat(peer.await(AgentMessage::hasInferChunk, "what the window has let through")
                        .getInferChunk()
                        .getData()
                        .size())
                .isEqualTo(1000);
    }

    /** Until the backend has not got rid of a byte for a while: its socket's buffers are full. */
    private static long awaitStall(AtomicLong written) throws InterruptedException {
        long before = -1;
        while (before != written.get()) {
            before = written.get();
            TimeUnit.MILLISECONDS.sleep(300);
        }
        return before;
    }

    @Test
    void a_backend_that_refuses_is_a_failed_backend() {
        var peer = attach((request, connection) -> {});
        backend.close();

        AgentHarness.ask(peer, "t1", "qwen", BODY);

        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void a_backend_that_is_not_http_is_a_failed_backend() {
        var peer = attach((request, connection) -> {
            connection.write("220 mail.example ESMTP\r\n");
            connection.close();
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);

        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void what_came_before_a_backend_broke_off_is_delivered() {
        var peer = attach((request, connection) -> {
            connection.head(200, "Content-Type: text/plain", "Content-Length: 100");
            connection.write("half");
            connection.close();
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.body()).isEqualTo("half");
        assertThat(answer.end().getBytes()).isEqualTo(4);
        assertThat(reason(answer)).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void a_backend_that_closes_after_its_head_sends_no_head() {
        var peer = attach((request, connection) -> {
            connection.head(200, "Content-Type: text/plain", "Content-Length: 100");
            connection.close();
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.head()).isEqualTo(InferHead.getDefaultInstance());
        assertThat(reason(answer)).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void an_error_of_the_backend_passes_as_it_is() {
        var peer = attach(ScriptedBackend.answering(500, "application/json", "{\"error\":\"full\"}"));

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.head().getStatus()).isEqualTo(500);
        assertThat(answer.body()).isEqualTo("{\"error\":\"full\"}");
        assertThat(answer.end().hasError()).isFalse();
    }

    @Test
    void each_phase_has_its_deadline() {
        var peer = attach((request, connection) -> {
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
    void usage_is_told_at_the_end() {
        var peer = attach((request, connection) -> {
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
    void backends_that_close_kept_alive_connections_lose_no_request() throws Exception {
        AtomicLong answered = new AtomicLong();
        var peer = attach((request, connection) -> {
            connection.answer(200, "text/plain", "ok");
            answered.incrementAndGet();
            if (request.numberOnConnection() % 2 == 0) {
                connection.close(); // at the very moment when the next request may be on its way
            }
        });

        int next = 0;
        int running = 0;
        int whole = 0;
        while (whole < 600) {
            while (running < 8 && next < 600) {
                AgentHarness.ask(peer, "t" + next++, "qwen", BODY);
                running++;
            }
            var end = peer.await(AgentMessage::hasInferEnd, "the end of a task").getInferEnd();
            assertThat(end.hasError())
                    .as("task %s: %s", end.getTaskId(), end.getError().getMessage())
                    .isFalse();
            assertThat(end.getBytes()).isEqualTo(2);
            running--;
            whole++;
        }
        assertThat(answered.get()).isGreaterThanOrEqualTo(600);
    }

    @Test
    void a_request_that_meets_a_closed_kept_alive_connection_is_sent_once_more_on_a_fresh_one() throws Exception {
        var peer = attach((request, connection) -> {
            if (request.numberOnConnection() == 1) {
                connection.answer(200, "text/plain", "ok");
            } else {
                connection.close();
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);
        assertThat(AgentHarness.answer(peer, "t1").body()).isEqualTo("ok");
        asked();

        AgentHarness.ask(peer, "t2", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t2");

        assertThat(answer.end().hasError())
                .as(answer.end().getError().getMessage())
                .isFalse();
        assertThat(answer.body()).isEqualTo("ok");
        assertThat(asked().numberOnConnection()).isEqualTo(2);
        assertThat(asked().numberOnConnection()).isEqualTo(1);
    }

    @Test
    void a_request_that_fails_on_a_fresh_connection_is_not_sent_twice() throws Exception {
        var peer = attach((request, connection) -> connection.close());

        AgentHarness.ask(peer, "t1", "qwen", BODY);

        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("BACKEND_FAILED");
        asked();
        assertThat(backend.requests).noneMatch(request -> request.line().startsWith("POST"));
    }

    @Test
    void an_answer_of_ten_megabytes_arrives_byte_for_byte() throws Exception {
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < 10 << 20; i++) {
            text.append(i).append(' ');
        }
        String whole = text.toString();
        var peer = attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            Random random = new Random(7);
            for (int at = 0; at < whole.length(); ) {
                int end = Math.min(whole.length(), at + 1 + random.nextInt(100_000));
                connection.chunk(whole.substring(at, end));
                at = end;
            }
            connection.write("0\r\n\r\n");
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.body().equals(whole)).isTrue();
        assertThat(answer.end().getBytes()).isEqualTo(whole.length());
    }

    @Test
    void an_answer_is_whole_though_its_backend_has_closed_long_before_it_is_read() throws Exception {
        int window = 64 * 1024;
        var peer = attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            int more = Integer.parseInt(request.text());
            // The one in between is shorter than a window, so that its end is read though nothing of it is consumed.
            connection.chunk("x".repeat(more == 0 ? 1 : window));
            for (int i = 0; i < more; i++) {
                connection.chunk("y");
            }
            connection.write("0\r\n\r\n");
            connection.close();
        });
        for (int more = 1; more < 60; more += 3) {
            String slow = "slow" + more;
            String meanwhile = "meanwhile" + more;
            List<AgentMessage> heard = new ArrayList<>();
            askForText(peer, slow, more);
            peer.await(message -> heard.add(message) && body(heard, slow).length() == window, "the first window");
            askForText(peer, meanwhile, 0);
            peer.await(message -> heard.add(message) && end(heard, meanwhile) != null, "the other one's end");

            AgentHarness.consumed(peer, slow, window);
            if (end(heard, slow) == null) {
                peer.await(message -> heard.add(message) && end(heard, slow) != null, "the end");
            }
            assertThat(end(heard, slow))
                    .isEqualTo(InferEnd.newBuilder()
                            .setTaskId(slow)
                            .setBytes(window + more)
                            .build());
            assertThat(body(heard, slow)).isEqualTo("x".repeat(window) + "y".repeat(more));
        }
    }

    private static void askForText(ScriptedServer.Peer peer, String task, int more) {
        var infer = AgentHarness.infer(task, "qwen", 0).setContentType("text/plain");
        AgentHarness.ask(peer, infer, Integer.toString(more));
    }

    private static String body(List<AgentMessage> heard, String task) {
        return heard.stream()
                .filter(message -> message.getInferChunk().getTaskId().equals(task))
                .map(message -> message.getInferChunk().getData().toStringUtf8())
                .collect(Collectors.joining());
    }

    private static @Nullable InferEnd end(List<AgentMessage> heard, String task) {
        return heard.stream()
                .filter(message -> message.getInferEnd().getTaskId().equals(task))
                .map(AgentMessage::getInferEnd)
                .findFirst()
                .orElse(null);
    }

    @Test
    void a_large_body_comes_in_frames_under_its_window() throws Exception {
        var peer = attach(ScriptedBackend.answering(200, "text/plain", "ok"));
        String body = "{\"image\":\"" + "x".repeat(1 << 20) + "\",\"model\":\"qwen\"}";
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        peer.send(ServerMessage.newBuilder().setInfer(AgentHarness.infer("t1", "qwen", bytes.length)));

        int sent = 0;
        long consumed = 0;
        while (sent < bytes.length) {
            int frame = Math.min(16 * 1024, bytes.length - sent);
            while (sent + frame - consumed > 64 * 1024) {
                consumed = peer.await(AgentMessage::hasWindow, "a window")
                        .getWindow()
                        .getConsumed();
            }
            AgentHarness.input(
                    peer, "t1", sent, Arrays.copyOfRange(bytes, sent, sent + frame), sent + frame == bytes.length);
            sent += frame;
        }

        assertThat(AgentHarness.answer(peer, "t1").body()).isEqualTo("ok");
        assertThat(asked().text()).isEqualTo(body);
    }

    @Test
    void what_breaks_the_rules_is_refused_before_the_backend_hears_of_it() {
        var peer = attach((request, connection) -> {
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
        assertThat(backend.requests).noneMatch(request -> request.line().startsWith("POST"));
    }

    @Test
    void a_form_gets_the_backends_name_for_the_model_and_the_request_its_key() throws Exception {
        backend.script = ScriptedBackend.answering(200, "text/plain", "ok");
        var peer = harness.attach(new LlmConfig(
                "qwen",
                backend.url(),
                "other",
                BackendType.OPENAI,
                new Secret("sk-1"),
                "",
                4,
                Map.of(),
                llm.available(),
                null,
                null,
                null));
        String body = "--b\r\ncontent-disposition: form-data; name=model\r\n\r\nqwen\r\n--b--\r\n";

        AgentHarness.ask(
                peer, AgentHarness.infer("t1", "qwen", 0).setContentType("multipart/form-data; boundary=b"), body);

        assertThat(AgentHarness.answer(peer, "t1").end().hasError()).isFalse();
        Request request = asked();
        assertThat(request.text()).isEqualTo(body.replace("qwen", "other"));
        assertThat(request.headers())
                .containsEntry("content-type", "multipart/form-data; boundary=b")
                .containsEntry("authorization", "Bearer sk-1");
    }

    @Test
    void a_task_for_an_llm_that_was_put_to_sleep_ends_before_anything_is_sent() {
        backend.script = ScriptedBackend.answering(200, "text/plain", "ok");
        Recipe recipe =
                new Recipe.Http(URI.create("http://127.0.0.1:" + backend.port() + "/sleep"), "POST", Map.of(), "");
        var peer = harness.attach(new LlmConfig(
                "qwen",
                backend.url(),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                llm.available(),
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

    @Test
    void a_lost_stream_ends_the_backends_request() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        var peer = attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            connection.chunk("a");
            if (connection.awaitClose()) {
                closed.countDown();
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);
        peer.await(AgentMessage::hasInferChunk, "the first chunk");

        peer.fail(io.grpc.Status.UNAVAILABLE.asRuntimeException());

        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
        harness.server.accept();
    }

    @Test
    void a_task_that_nobody_reads_does_not_hold_up_its_siblings() throws Exception {
        var peer = attach((request, connection) -> {
            String piece = "y".repeat(8192);
            connection.chunkedHead(200, "text/plain");
            for (int i = 0; i < (request.text().contains("stuck") ? 10_000 : 100); i++) {
                connection.chunk(piece);
            }
            connection.write("0\r\n\r\n");
        });
        AgentHarness.ask(peer, "stuck", "qwen", "{\"stuck\":1}");

        for (int i = 0; i < 9; i++) {
            AgentHarness.ask(peer, "t" + i, "qwen", BODY);
            assertThat(AgentHarness.answer(peer, "t" + i).body()).hasSize(819_200);
        }
    }

    @Test
    void a_goodbye_lets_a_running_task_finish() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        backend.script = (request, connection) -> {
            if (request.line().startsWith("POST")) {
                connection.chunkedHead(200, "text/plain");
                connection.chunk("a");
                go.await();
                connection.chunk("b");
                connection.write("0\r\n\r\n");
            } else {
                connection.answer(200, "text/plain", "");
            }
        };
        Agent agent = harness.start(llm);
        var peer = harness.attached();
        AgentHarness.ask(peer, "t1", "qwen", BODY);
        peer.await(AgentMessage::hasInferChunk, "the first chunk");

        var stopped = CompletableFuture.supplyAsync(() -> agent.stop(Duration.ofSeconds(20)));
        peer.await(AgentMessage::hasGoodbye, "a goodbye");
        AgentHarness.ask(peer, "late", "qwen", BODY);
        assertThat(reason(AgentHarness.answer(peer, "late"))).isEqualTo("LLM_INACTIVE");
        go.countDown();

        assertThat(peer.await(AgentMessage::hasInferEnd, "the end of the task")
                        .getInferEnd()
                        .getBytes())
                .isEqualTo(2);
        assertThat(peer.halfClosed.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(stopped.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_drained_stream_finishes_its_task_while_the_next_one_is_open() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        var old = attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            connection.chunk("a");
            go.await();
            connection.chunk("b");
            connection.write("0\r\n\r\n");
        });
        AgentHarness.ask(old, "t1", "qwen", BODY);
        old.await(AgentMessage::hasInferChunk, "the first chunk");

        old.send(ServerMessage.newBuilder()
                .setDrain(Drain.newBuilder().setFinishWithin(Spans.proto(Duration.ofSeconds(20)))));
        harness.attached();
        assertThat(old.halfClosed.getCount()).isEqualTo(1);
        go.countDown();

        assertThat(old.await(AgentMessage::hasInferEnd, "the end of the task")
                        .getInferEnd()
                        .getBytes())
                .isEqualTo(2);
        assertThat(old.halfClosed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_drained_stream_is_cut_off_when_its_time_is_over() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        var old = attach((request, connection) -> {
            connection.chunkedHead(200, "text/plain");
            connection.chunk("a");
            if (connection.awaitClose()) {
                closed.countDown();
            }
        });
        AgentHarness.ask(old, "t1", "qwen", BODY);
        old.await(AgentMessage::hasInferChunk, "the first chunk");

        old.send(ServerMessage.newBuilder()
                .setDrain(Drain.newBuilder().setFinishWithin(Spans.proto(Duration.ofMillis(100)))));

        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(old.ended.await(10, TimeUnit.SECONDS)).isTrue();
    }
}
