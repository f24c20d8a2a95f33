package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dormouse.bench.Memory;
import dormouse.bench.MockModel;
import dormouse.bench.StreamLoad;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two thousand streams at once through one server and one agent, each frame checked, with both of them in the 256 MiB of
 * heap that {@link Program} gives: memory that grew with what is on the way would not fit. Two Llms, since one takes 1,024
 * tasks at a time.
 */
@Tag("slow")
class TwoThousandStreamsTest {
    private static final int STREAMS = 2_000;
    private static final int FRAMES = 40;
    private static final int EVERY_MILLIS = 500;

    @TempDir
    Path directory;

    @Test
    void noFrameIsLostAndMemoryIsBounded() throws Exception {
        enoughFiles();
        try (MockModel model = MockModel.start();
                StreamLoad clients = new StreamLoad(STREAMS);
                ServerProcess server = ServerProcess.start(directory, "limits.tasksPerClient=4096");
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), llms(model))) {
            server.awaitStatus("one", "ACTIVE");
            server.awaitStatus("two", "ACTIVE");
            say("idle", server, agent);

            StreamLoad.Outcome outcome = clients.run(
                    server.http() + "/v1",
                    List.of("one", "two"),
                    new StreamLoad.Shape(STREAMS, FRAMES, EVERY_MILLIS, STREAMS),
                    400);
            System.out.printf(
                    "%,d streams at once: %,d frames in %.1f s, %,.0f/s; the last first frame after %.1f s%n",
                    model.mostAtOnce(),
                    outcome.frames(),
                    outcome.seconds(),
                    outcome.framesPerSecond(),
                    outcome.slowestFirstFrameMillis() / 1000);
            say("after " + STREAMS + " streams", server, agent);

            assertThat(outcome.faults()).isEmpty();
            assertThat(outcome.frames()).isEqualTo((long) STREAMS * FRAMES);
            assertThat(model.mostAtOnce()).isEqualTo(STREAMS);
            assertThat(server.program().log() + agent.program().log()).doesNotContain("OutOfMemoryError");
        }
    }

    private static String llms(MockModel model) {
        return List.of("one", "two").stream()
                .map(name -> "- name: " + name + "\n  url: " + model.url() + "\n  model: mock\n  concurrency: 1024\n")
                .reduce("", String::concat);
    }

    private static void say(String when, ServerProcess server, AgentProcess agent) {
        System.out.println(when + ": server " + Memory.of(server.program().pid()) + "; agent "
                + Memory.of(agent.program().pid()));
    }

    /** Two connections of this process's to each stream, one each of the server's and the agent's. */
    private static void enoughFiles() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", "ulimit -Hn").start();
        String limit = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        if (!limit.equals("unlimited") && Integer.parseInt(limit) < 2 * STREAMS + 500) {
            String reason =
                    "skipped: " + limit + " open files are allowed (ulimit -Hn), too few for " + STREAMS + " streams";
            System.out.println(reason);
            abort(reason);
        }
    }
}
