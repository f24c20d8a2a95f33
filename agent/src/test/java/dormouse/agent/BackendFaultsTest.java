package dormouse.agent;

import static dormouse.agent.InferScene.BODY;
import static dormouse.agent.InferScene.reason;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.AgentHarness.Answer;
import dormouse.v1.AgentMessage;
import dormouse.v1.InferHead;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Backends that refuse, break off, or close connections when they please. */
class BackendFaultsTest {
    private final InferScene scene = new InferScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void a_backend_that_refuses_is_a_failed_backend() {
        var peer = scene.attach((request, connection) -> {});
        scene.backend.close();

        AgentHarness.ask(peer, "t1", "qwen", BODY);

        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void a_backend_that_is_not_http_is_a_failed_backend() {
        var peer = scene.attach((request, connection) -> {
            connection.write("220 mail.example ESMTP\r\n");
            connection.close();
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);

        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void what_came_before_a_backend_broke_off_is_delivered() {
        var peer = scene.attach((request, connection) -> {
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
        var peer = scene.attach((request, connection) -> {
            connection.head(200, "Content-Type: text/plain", "Content-Length: 100");
            connection.close();
        });

        AgentHarness.ask(peer, "t1", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t1");

        assertThat(answer.head()).isEqualTo(InferHead.getDefaultInstance());
        assertThat(reason(answer)).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void backends_that_close_kept_alive_connections_lose_no_request() throws Exception {
        AtomicLong answered = new AtomicLong();
        var peer = scene.attach((request, connection) -> {
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
        var peer = scene.attach((request, connection) -> {
            if (request.numberOnConnection() == 1) {
                connection.answer(200, "text/plain", "ok");
            } else {
                connection.close();
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);
        assertThat(AgentHarness.answer(peer, "t1").body()).isEqualTo("ok");
        scene.asked();

        AgentHarness.ask(peer, "t2", "qwen", BODY);
        Answer answer = AgentHarness.answer(peer, "t2");

        assertThat(answer.end().hasError())
                .as(answer.end().getError().getMessage())
                .isFalse();
        assertThat(answer.body()).isEqualTo("ok");
        assertThat(scene.asked().numberOnConnection()).isEqualTo(2);
        assertThat(scene.asked().numberOnConnection()).isEqualTo(1);
    }

    @Test
    void a_request_that_fails_on_a_fresh_connection_is_not_sent_twice() throws Exception {
        var peer = scene.attach((request, connection) -> connection.close());

        AgentHarness.ask(peer, "t1", "qwen", BODY);

        assertThat(reason(AgentHarness.answer(peer, "t1"))).isEqualTo("BACKEND_FAILED");
        scene.asked();
        assertThat(scene.backend.requests).noneMatch(request -> request.line().startsWith("POST"));
    }
}
