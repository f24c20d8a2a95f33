package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The programs of {@code e2e/clients}: OpenAI's and Anthropic's clients for Node and Python; slow, since they are installed. */
@Tag("slow")
class OtherLanguagesTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "node,node,openai.test.mjs",
        "node,node,anthropic.test.mjs",
        "python,python3,openai_test.py",
        "python,python3,anthropic_test.py"
    })
    void unmodifiedClientsGetWhatTheyExpect(String language, String tool, String program) throws Exception {
        needs(tool);
        try (ClientFleet fleet = ClientFleet.start(directory)) {
            Path out = directory.resolve("out");
            Process process = new ProcessBuilder(
                            Program.root()
                                    .resolve("e2e/clients/" + language + "/run.sh")
                                    .toString(),
                            program,
                            fleet.bareUrl())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            try {
                bootAfterTheFirstComment(fleet, process);
                assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
            } finally {
                process.destroyForcibly();
                System.out.println(Files.readString(out, StandardCharsets.UTF_8));
            }
            assertThat(process.exitValue()).as("what %s says", program).isZero();

            assertThat(fleet.sleepy().wakes()).isEqualTo(1);
            assertThat(fleet.grumpy().wakes()).isEqualTo(3);
            for (FakeBackend.Exchange exchange : fleet.scripted().exchanges()) {
                assertThat(exchange.headers).doesNotContain("sk-not-for-the-backend");
                if (exchange.text().contains("\"hang\"") || exchange.text().contains("\"mute\"")) {
                    assertThat(exchange.clientLeft(30))
                            .as("the backend sees its connection end")
                            .isTrue();
                }
            }
        }
    }

    static void needs(String tool) throws InterruptedException {
        try {
            if (new ProcessBuilder(tool, "--version").start().waitFor() == 0) {
                return;
            }
        } catch (IOException e) {
            // said below
        }
        String reason = "skipped: there is no " + tool + " on this machine";
        System.out.println(reason);
        abort(reason);
    }

    /** Whoever asked for {@code sleepy} before has its comment, too, when one that asked later has. */
    private static void bootAfterTheFirstComment(ClientFleet fleet, Process process) throws Exception {
        while (!fleet.server().status("sleepy").equals("WAKING")) {
            if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
                return;
            }
        }
        try (RawStream stream = RawStream.open(fleet.baseUrl(), "sleepy")) {
            assertThat(stream.line()).startsWith(":");
            fleet.sleepy().open();
        }
    }
}
