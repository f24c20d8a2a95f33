package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.Infer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** protocol.md, failure list, 1: a client that never reads stalls itself, and nobody else. */
class FairnessTest {
    private static final int FRAME = 16 << 10;
    private static final ByteString PIECE = ByteString.copyFrom(new byte[FRAME]);

    private final Harness server = Harness.start("limits.windowBytes=64KiB");
    private final ScriptedAgent agent = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private void publish(int concurrency) {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen3").setConcurrency(concurrency), LlmStatus.LLM_STATUS_ACTIVE));
    }

    @Test
    void siblingsAndHeartbeatsRunOnWhileOneClientNeverReads() {
        publish(10);
        InferProbe stuck = server.slowInfer("qwen3", 1);
        List<InferProbe> healthy = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            healthy.add(server.infer("qwen3"));
        }
        List<Infer> tasks = agent.infers();
        tasks.forEach(task -> agent.head(task, 200, "text/event-stream"));
        for (int i = 0; i < 4; i++) {
            agent.chunk(tasks.get(0), (long) i * FRAME, PIECE);
        }

        int pieces = 64; // 1 MiB each, sixteen windows
        for (int i = 0; i < pieces; i++) {
            for (Infer task : tasks.subList(1, 10)) {
                agent.chunk(task, (long) i * FRAME, PIECE);
            }
            agent.heartbeat("qwen3", LlmStatus.LLM_STATUS_ACTIVE);
        }
        tasks.subList(1, 10).forEach(task -> agent.end(task, (long) pieces * FRAME));

        assertThat(healthy).allMatch(InferProbe::completed);
        assertThat(healthy).allMatch(probe -> probe.bytes().size() == pieces * FRAME);
        assertThat(agent.acks()).isEqualTo(pieces);
        assertThat(agent.window(tasks.get(0)))
                .as("nothing of the stuck task is consumed")
                .isZero();
        assertThat(stuck.over()).isFalse();
        assertThat(agent.open()).isTrue();
    }

    @Test
    void oneThatTakesNothingForTheIdleTimeIsTooSlow() {
        publish(1);
        InferProbe stuck = server.slowInfer("qwen3", 1);
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, PIECE);

        server.advance(Duration.ofSeconds(59));
        assertThat(stuck.over()).isFalse();
        server.advance(Duration.ofSeconds(1));
        stuck.take(Integer.MAX_VALUE / 2);

        assertThat(stuck.reason()).isEqualTo("CLIENT_TOO_SLOW");
        assertThat(stuck.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(stuck.retryAfter()).isNull();
        assertThat(agent.cancelReason(task)).isEqualTo("CLIENT_TOO_SLOW");
        agent.end(task, FRAME);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void oneThatTakesNothingOfAWholeAnswerIsTooSlowToo() {
        publish(1);
        InferProbe stuck = server.slowInfer("qwen3", 1);
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, PIECE);
        agent.end(task, FRAME);

        server.advance(Duration.ofSeconds(60));
        stuck.take(Integer.MAX_VALUE / 2);

        assertThat(stuck.reason()).isEqualTo("CLIENT_TOO_SLOW");
        assertThat(agent.cancelled()).as("the agent is done with it").isEmpty();
        assertThat(server.time().alarms()).isEqualTo(idleAlarms());
    }

    @Test
    void oneThatTakesAPieceNowAndThenIsNotTooSlow() {
        publish(1);
        InferProbe slow = server.slowInfer("qwen3", 2); // the phase and the head
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        for (int i = 0; i < 4; i++) {
            agent.chunk(task, (long) i * FRAME, PIECE);
        }
        for (int i = 0; i < 5; i++) {
            server.advance(Duration.ofSeconds(50));
            slow.take(1);
        }
        agent.end(task, 4L * FRAME);
        slow.take(10);

        assertThat(slow.bytes().size()).isEqualTo(4 * FRAME);
        assertThat(slow.completed()).isTrue();
    }

    /** Those that a server has set when nothing is under way. */
    private static int idleAlarms() {
        try (Harness idle = Harness.start()) {
            return idle.time().alarms();
        }
    }
}
