package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.Llm;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 20: an agent's process is killed, or stopped for longer than the heartbeat's time-out. */
class AgentKilledTest {
    @TempDir
    Path directory;

    @Test
    void itsRowsAreInactiveItsTasksFailAndItsReturnRevivesTheSameRows() throws Exception {
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = FakeBackend.awake(exchange -> {
                    if (exchange.text().contains("hold")) {
                        exchange.head(200, "text/event-stream");
                        exchange.chunk("data: 1\n\n");
                        exchange.clientLeft(60);
                    } else {
                        exchange.whole(200, "{}");
                    }
                });
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Llm before = server.find("mine").orElseThrow();
            Call running = Call.start(server.inference(), "mine", "{\"hold\":1}");
            running.awaitFirstByte();

            agent.program().kill();
            assertThat(running.end()).isEqualTo("AGENT_LOST");
            assertThat(running.text()).isEqualTo("data: 1\n\n");
            server.awaitStatus("mine", "INACTIVE");
            assertThat(Call.start(server.inference(), "mine", "{}").end()).isEqualTo("LLM_INACTIVE");

            agent.startAgain();
            server.awaitStatus("mine", "ACTIVE");
            Llm after = server.find("mine").orElseThrow();
            assertThat(after.getCreateTime()).isEqualTo(before.getCreateTime());
            assertThat(after.getSessionId()).isEqualTo(before.getSessionId());
            assertThat(after.getOwnerEpoch()).isEqualTo(before.getOwnerEpoch());
            assertThat(Call.start(server.inference(), "mine", "{}").end()).isEqualTo("OK");
        }
    }

    @Test
    void anAgentStoppedForLongerThanTheTimeOutIsInactiveAndComesBackWhenItGoesOn()
            throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(
                        directory,
                        "lifecycle.heartbeatInterval=500ms",
                        "lifecycle.heartbeatTimeout=3s",
                        "lifecycle.sweepInterval=200ms");
                FakeBackend backend = FakeBackend.awake(exchange -> exchange.whole(200, "{}"));
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Llm before = server.find("mine").orElseThrow();

            agent.program().signal("STOP");
            server.awaitStatus("mine", "INACTIVE");
            agent.program().signal("CONT");
            server.awaitStatus("mine", "ACTIVE");

            assertThat(server.find("mine").orElseThrow().getCreateTime()).isEqualTo(before.getCreateTime());
            assertThat(Call.start(server.inference(), "mine", "{}").end()).isEqualTo("OK");
        }
    }
}
