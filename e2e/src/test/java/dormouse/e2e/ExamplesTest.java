package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs in other languages, with stubs that their own standard tools make; slow, since those are installed first. */
@Tag("slow")
class ExamplesTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"python,python3", "node,node"})
    void listsTheLlmsAndStreamsAChat(String language, String tool) throws IOException, InterruptedException {
        if (!installed(tool)) {
            String reason = "skipped: there is no " + tool + " on this machine";
            System.out.println(reason);
            abort(reason);
        }
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = FakeBackend.asleep(exchange -> {
                    exchange.head(200, "text/event-stream");
                    for (String word : new String[] {"Once ", "upon ", "a ", "time."}) {
                        exchange.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"" + word + "\"}}]}\n\n");
                    }
                    exchange.chunk(
                            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
                    exchange.end();
                });
                AgentProcess agent =
                        AgentProcess.start(directory, "ana", server.address(), backend.wakeableLlm("sleepy", 4))) {
            server.awaitStatus("sleepy", "HIBERNATING");
            Process process = new ProcessBuilder(
                            Program.root()
                                    .resolve("examples/" + language + "/run.sh")
                                    .toString(),
                            "--server",
                            server.address(),
                            "sleepy",
                            "tell me a story")
                    .directory(directory.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(out).isZero();
            assertThat(out).contains("sleepy").contains("Once upon a time.");
            assertThat(agent.program().alive()).isTrue();
        }
    }

    private static boolean installed(String tool) throws InterruptedException {
        try {
            return new ProcessBuilder(tool, "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
