package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** protocol.md, failure list, 1, where HTTP/2's own flow control is at work: a tenth client never reads. */
class FairnessOnSocketsTest {
    @Test
    void nineTasksDeliverEverythingAndHeartbeatsAreAnsweredWhileATenthClientNeverReads() throws Exception {
        try (RealServer server = RealServer.start()) {
            PacedAgent agent = new PacedAgent("ana", 16 << 10);
            agent.connect(
                    server.channel(),
                    ScriptedAgent.offer(
                            LlmSpec.newBuilder().setName("qwen3").setConcurrency(10), LlmStatus.LLM_STATUS_ACTIVE));
            await().until(agent::registered);
            CheckingClient stuck = new CheckingClient(server.channel(), "qwen3", 64L << 20, 1, Long.MAX_VALUE);
            await().until(() -> agent.mostUnfinished() > 0);
            List<CheckingClient> healthy = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                healthy.add(new CheckingClient(server.channel(), "qwen3", 4L << 20, Integer.MAX_VALUE, Long.MAX_VALUE));
            }
            for (int i = 0; i < 60; i++) {
                agent.heartbeat("qwen3", LlmStatus.LLM_STATUS_ACTIVE);
            }

            for (CheckingClient client : healthy) {
                assertThat(client.await()).isTrue();
                assertThat(client.error()).isNull();
                assertThat(client.received()).isEqualTo(4L << 20);
                assertThat(client.wrong()).isFalse();
            }
            await().until(() -> agent.acks() == agent.heartbeats());
            assertThat(stuck.received()).isZero();
            assertThat(agent.mostUnfinished())
                    .as("the mailbox's window, what HTTP/2 holds, and not the answer")
                    .isLessThan(1L << 20);

            stuck.leave();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> server.server().relay().tasks() == 0);
        }
    }
}
