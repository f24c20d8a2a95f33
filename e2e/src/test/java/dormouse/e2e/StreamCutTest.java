package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 18 and 19: the way between agent and server is cut while tasks run. */
@Tag("slow")
class StreamCutTest {
    private static final int LINES = 400;

    @TempDir
    Path directory;

    /** Numbered lines for some seconds, with pieces of odd sizes; 600 KB of them in all. */
    private static void count(FakeBackend.Exchange exchange, long pause) throws IOException {
        exchange.head(200, "text/plain");
        for (int i = 0; i < LINES; i++) {
            exchange.chunk(line(i));
            LockSupport.parkNanos(Duration.ofMillis(pause).toNanos());
        }
        exchange.end();
    }

    private static String line(int i) {
        return i + " " + "abcdefghij".repeat(i % 300 + 1) + "\n";
    }

    private static String whole() {
        StringBuilder all = new StringBuilder();
        IntStream.range(0, LINES).forEach(i -> all.append(line(i)));
        return all.toString();
    }

    @Test
    void afterABlipOf3SecondsEveryByteHasComeOnce() {
        try (ServerProcess server = ServerProcess.start(directory);
                Cable cable = new Cable(server.address());
                FakeBackend backend = FakeBackend.awake(exchange -> count(exchange, 15));
                AgentProcess agent = AgentProcess.start(directory, "ana", cable.address(), backend.llm("mine", 8))) {
            server.awaitStatus("mine", "ACTIVE");
            String big = "{\"pad\":\"" + "x".repeat(300_000) + "\"}"; // is on its way when the cable is cut
            List<Call> calls = IntStream.range(0, 6)
                    .mapToObj(i -> Call.start(server.inference(), "mine", i == 5 ? big : "{\"n\":" + i + "}"))
                    .toList();
            calls.get(0).awaitFirstByte();

            for (int blip = 0; blip < 2; blip++) {
                cable.cut();
                server.awaitStatus("mine", "INACTIVE");
                LockSupport.parkNanos(Duration.ofSeconds(blip == 0 ? 3 : 1).toNanos());
                assertThat(calls).noneMatch(Call::over);
                cable.mend();
                server.awaitStatus("mine", "ACTIVE");
            }

            for (Call call : calls) {
                assertThat(call.end()).as(call::toString).isEqualTo("OK");
                assertThat(call.text()).isEqualTo(whole());
            }
            assertThat(backend.exchanges()).as("each was asked once").hasSize(6);
            assertThat(cable.connections()).isEqualTo(3);
            assertThat(agent.program().log()).contains("tasks resumed");
        }
    }

    @Test
    void afterABlipLongerThanTheGraceTheyHaveFailedAndTheBackendIsLeft() throws InterruptedException {
        try (ServerProcess server = ServerProcess.start(directory, "lifecycle.resumeGrace=2s");
                Cable cable = new Cable(server.address());
                FakeBackend backend = FakeBackend.awake(exchange -> {
                    if (exchange.text().contains("hold")) {
                        exchange.head(200, "text/plain");
                        exchange.chunk("half");
                        exchange.clientLeft(60);
                    } else {
                        exchange.whole(200, "{}");
                    }
                });
                AgentProcess agent = AgentProcess.start(directory, "ana", cable.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Call held = Call.start(server.inference(), "mine", "{\"hold\":1}");
            held.awaitFirstByte();

            cable.cut();

            assertThat(held.end()).isEqualTo("AGENT_LOST");
            assertThat(held.text()).isEqualTo("half");
            assertThat(backend.exchanges().get(0).clientLeft(30))
                    .as("the agent has left its backend")
                    .isTrue();
            cable.mend();
            server.awaitStatus("mine", "ACTIVE");
            assertThat(Call.start(server.inference(), "mine", "{}").end()).isEqualTo("OK");
            assertThat(agent.program().alive()).isTrue();
        }
    }

    @Test
    void anAgentThatIsStoppedForLongerThanTheTimeOutGoesOnWithItsTasks() {
        try (ServerProcess server = ServerProcess.start(
                        directory,
                        "lifecycle.heartbeatInterval=500ms",
                        "lifecycle.heartbeatTimeout=2s",
                        "lifecycle.sweepInterval=200ms");
                FakeBackend backend = FakeBackend.awake(exchange -> count(exchange, 10));
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Call call = Call.start(server.inference(), "mine", "{}");
            call.awaitFirstByte();

            agent.program().signal("STOP");
            server.awaitStatus("mine", "INACTIVE");
            agent.program().signal("CONT");

            server.awaitStatus("mine", "ACTIVE");
            assertThat(call.end()).as(call::toString).isEqualTo("OK");
            assertThat(call.text()).isEqualTo(whole());
            assertThat(backend.exchanges()).hasSize(1);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aWayThatSwallowsEverythingIsNoticedByItsSilence() {
        try (ServerProcess server = ServerProcess.start(
                        directory,
                        "lifecycle.heartbeatInterval=500ms",
                        "lifecycle.heartbeatTimeout=2s",
                        "lifecycle.sweepInterval=200ms");
                Cable cable = new Cable(server.address());
                FakeBackend backend = FakeBackend.awake(exchange -> count(exchange, 10));
                AgentProcess agent = AgentProcess.start(directory, "ana", cable.address(), backend.llm("mine", 4))) {
            server.awaitStatus("mine", "ACTIVE");
            Call call = Call.start(server.inference(), "mine", "{}");
            call.awaitFirstByte();

            cable.swallow();
            server.awaitStatus("mine", "INACTIVE");
            cable.mend();

            server.awaitStatus("mine", "ACTIVE");
            assertThat(call.end()).as(call::toString).isEqualTo("OK");
            assertThat(call.text()).isEqualTo(whole());
            assertThat(agent.program().alive()).isTrue();
        }
    }
}
