package dormouse.agent;

import static dormouse.agent.InferScene.BODY;
import static dormouse.agent.InferScene.reason;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.AgentHarness.Answer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Cancel;
import dormouse.v1.InferHead;
import dormouse.v1.ServerMessage;
import io.grpc.Status.Code;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whoever no longer wants an answer: the backend sees its connection end. */
class InferCancelTest {
    private final InferScene scene = new InferScene();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void a_cancel_closes_the_backends_connection() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        var peer = scene.attach((request, connection) -> {
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
        var peer = scene.attach((request, connection) -> {
            if (connection.awaitClose()) {
                closed.countDown();
            }
        });
        AgentHarness.ask(peer, "t1", "qwen", BODY);
        scene.asked();

        peer.send(ServerMessage.newBuilder().setCancel(Cancel.newBuilder().setTaskId("t1")));

        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
        Answer answer = AgentHarness.answer(peer, "t1");
        assertThat(answer.head()).isEqualTo(InferHead.getDefaultInstance());
        assertThat(answer.end().getError().getCode()).isEqualTo(Code.CANCELLED.value());
    }

    @Test
    void a_lost_stream_ends_the_backends_request() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        var peer = scene.attach((request, connection) -> {
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
        scene.harness.server.accept();
    }
}
