package dormouse.agent;

import static dormouse.agent.InferScene.BODY;
import static dormouse.agent.InferScene.reason;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.AgentMessage;
import dormouse.v1.Drain;
import dormouse.v1.ServerMessage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The agent leaves, or its server does: running tasks finish. */
class LeavingTest {
    private final InferScene scene = new InferScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void a_goodbye_lets_a_running_task_finish() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        scene.backend.script = (request, connection) -> {
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
        Agent agent = scene.harness.start(scene.llm);
        var peer = scene.harness.attached();
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
        var old = scene.attach((request, connection) -> {
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
        scene.harness.attached();
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
        var old = scene.attach((request, connection) -> {
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
