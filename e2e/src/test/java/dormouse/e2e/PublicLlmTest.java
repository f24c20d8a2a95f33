package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator declares a PUBLIC Llm with the command line; the server's process serves it, over a restart too. */
@Tag("slow")
class PublicLlmTest {
    private static final String SSE = "data: {\"choices\":[{\"delta\":{\"content\":\"Once upon a time.\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    private record Result(int exit, String out, String err) {}

    private static Result run(ServerProcess server, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Program.java("cli", arguments));
        builder.environment().put("DORMOUSE_SERVER", server.address());
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err);
    }

    @Test
    void isCreatedAnswersOutlivesARestartAndIsDeleted(@TempDir Path directory)
            throws IOException, InterruptedException {
        Path key = Files.writeString(directory.resolve("key"), "sk-very-secret\n");
        try (FakeBackend backend = FakeBackend.awake(exchange -> {
                    exchange.head(200, "text/event-stream");
                    exchange.chunk(SSE);
                    exchange.end();
                });
                ServerProcess server = ServerProcess.start(directory)) {
            Result created =
                    run(server, "create", "gpt", "--url", backend.url(), "--model", "m", "--key-file", key.toString());
            assertThat(created.exit()).as(created.err()).isZero();
            assertThat(created.err()).endsWith("created gpt\n");
            assertThat(run(server, "list").out()).containsPattern("gpt +PUBLIC +ACTIVE +- +m +- +0/4 +- ");
            assertThat(run(server, "describe", "gpt").out()).contains("PUBLIC", "REGISTERED");
            assertThat(run(server, "agents", "-o", "name").out()).isEmpty();
            assertThat(run(server, "run", "gpt", "a story").out()).isEqualTo("Once upon a time.\n");
            assertThat(backend.exchanges().get(0).text()).contains("\"m\"").doesNotContain("gpt");
            assertThat(run(server, "create", "gpt", "--url", backend.url()).exit())
                    .isEqualTo(1);

            server.program().terminate();
            assertThat(server.program().exitCode()).isZero();
            String log = server.program().log();
            server.startAgain();
            assertThat(run(server, "run", "gpt", "a story").out()).isEqualTo("Once upon a time.\n");

            server.program().kill();
            log += server.program().log();
            server.startAgain();
            assertThat(run(server, "run", "gpt", "a story").out()).isEqualTo("Once upon a time.\n");
            assertThat(run(server, "delete", "gpt").exit()).isZero();
            assertThat(run(server, "list", "-o", "name").out()).isEmpty();
            assertThat(run(server, "delete", "gpt").exit()).isEqualTo(1);
            server.program().terminate();
            assertThat(server.program().exitCode()).isZero();

            log += server.program().log();
            assertThat(log).contains("gpt").doesNotContain("sk-very-secret").doesNotContain(" ERROR ");
            for (Path file : new Path[] {directory.resolve("db.mv.db")}) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .doesNotContain("sk-very-secret");
            }
        }
    }
}
