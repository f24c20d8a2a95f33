package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 21: who is asked to end lets running tasks finish, and exits 0. */
class SigtermTest {
    @TempDir
    Path directory;

    private final CountDownLatch goOn = new CountDownLatch(1);

    private FakeBackend backend() {
        return FakeBackend.awake(exchange -> {
            exchange.head(200, "text/event-stream");
            exchange.chunk("data: first\n\n");
            if (goOn.await(60, TimeUnit.SECONDS)) {
                exchange.chunk("data: last\n\n");
                exchange.end();
            }
        });
    }

    @Test
    void aServerFinishesWhatRunsAndTakesNothingNew() throws InterruptedException {
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = backend();
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Call running = Call.start(server.inference(), "mine", "{}");
            running.awaitFirstByte();

            server.program().terminate();
            await().alias("new infers are refused")
                    .atMost(ServerProcess.PATIENCE)
                    .until(() -> server.program().log().contains("draining"));
            await().atMost(ServerProcess.PATIENCE).until(() -> {
                Call late = Call.start(server.inference(), "mine", "{}");
                String end = late.firstByteThere() ? "" : endSoon(late);
                return end.equals("REPLICA_DRAINING");
            });
            assertThat(running.over()).isFalse();
            goOn.countDown();

            assertThat(running.end()).isEqualTo("OK");
            assertThat(running.text()).isEqualTo("data: first\n\ndata: last\n\n");
            assertThat(server.program().exitCode()).isZero();
            assertThat(agent.program().alive()).isTrue();
        }
    }

    private static String endSoon(Call call) {
        await().atMost(ServerProcess.PATIENCE).until(() -> call.over() || call.firstByteThere());
        return call.over() ? call.end() : "";
    }

    @Test
    void anAgentFinishesWhatRunsWhileItsLlmsAreInactiveAlready() throws InterruptedException {
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = backend();
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Call running = Call.start(server.inference(), "mine", "{}");
            running.awaitFirstByte();

            agent.program().terminate();
            server.awaitStatus("mine", "INACTIVE");
            assertThat(Call.start(server.inference(), "mine", "{}").end()).isEqualTo("LLM_INACTIVE");
            assertThat(running.over()).isFalse();
            goOn.countDown();

            assertThat(running.end()).isEqualTo("OK");
            assertThat(running.text()).isEqualTo("data: first\n\ndata: last\n\n");
            assertThat(agent.program().exitCode()).isZero();
        }
    }
}
