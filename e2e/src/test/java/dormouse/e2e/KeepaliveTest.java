package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 17: an agent that has nothing to say but its pings is not told that they are too many. */
@Tag("slow")
class KeepaliveTest {
    /** Three pings of the agent's, every 20 s, and one of the server's: a third one too many would have ended it. */
    private static final Duration IDLE = Duration.ofSeconds(75);

    @TempDir
    Path directory;

    @Test
    void withTheRealSettingsAQuietStreamStays() {
        try (ServerProcess server = ServerProcess.start(
                        directory, "lifecycle.heartbeatInterval=10m", "lifecycle.heartbeatTimeout=30m");
                FakeBackend backend = FakeBackend.awake(exchange -> {});
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            await().during(IDLE)
                    .atMost(IDLE.plusSeconds(30))
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> !agent.program().log().contains("not attached"));
            assertThat(agent.program().log())
                    .containsOnlyOnce("registered server=")
                    .doesNotContain("too_many_pings");
            assertThat(server.status("mine")).isEqualTo("ACTIVE");
        }
    }
}
