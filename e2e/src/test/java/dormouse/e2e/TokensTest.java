package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Failures 6 and 24 with real processes: a server that asks for tokens, an agent whose token stands in a file, people with
 * the command line; and what becomes of them when a token is revoked.
 */
@Tag("slow")
class TokensTest {
    private static final String ADMIN = "dmt_" + "a".repeat(43);
    private static final String SSE = "data: {\"choices\":[{\"delta\":{\"content\":\"Once upon a time.\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    private record Result(int exit, String out, String err) {
        String line() {
            assertThat(exit).as(err).isZero();
            return out.strip();
        }
    }

    private static Result run(ServerProcess server, String token, String... arguments)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Program.java("cli", arguments));
        builder.environment().put("DORMOUSE_SERVER", server.address());
        builder.environment().put("DORMOUSE_TOKEN", token);
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err);
    }

    @Test
    void peopleAndAgentsComeInWithTheirTokensAndNoLongerWhenTheseAreRevoked(@TempDir Path directory)
            throws IOException, InterruptedException {
        try (FakeBackend backend = FakeBackend.awake(exchange -> {
                    exchange.head(200, "text/event-stream");
                    exchange.chunk(SSE);
                    exchange.end();
                });
                ServerProcess server = ServerProcess.start(directory, "auth.mode=token")) {
            String log;
            String admin = server.firstToken();
            String agents = run(server, admin, "token", "create", "desk", "--publish", "team-a/*")
                    .line();
            String client = run(server, admin, "token", "create", "ana", "--use", "team-a/*")
                    .line();
            Path file = Files.writeString(directory.resolve("token"), agents + "\n");
            String llms = "- {name: team-a/story, url: '" + backend.url() + "'}\n- {name: team-b/story, url: '"
                    + backend.url() + "'}\n";
            try (AgentProcess agent =
                    AgentProcess.start(directory, "desk", server.address() + "\ntokenFile: " + file, llms)) {
                await().atMost(ServerProcess.PATIENCE)
                        .until(() ->
                                run(server, client, "list", "-o", "name").line().equals("team-a/story"));
                assertThat(run(server, client, "run", "team-a/story", "a story").line())
                        .isEqualTo("Once upon a time.");
                assertThat(agent.program().log()).contains("NAME_FORBIDDEN");
                assertThat(run(server, client, "run", "team-b/story", "x").err())
                        .contains("there is no Llm");
                assertThat(run(server, client, "token", "list").exit()).isEqualTo(1);
                assertThat(run(server, ADMIN, "list").exit()).isEqualTo(1);
                assertThat(run(server, admin, "usage", "--by", "caller").line()).contains("tok-");

                String desk = run(server, admin, "token", "list")
                        .out()
                        .lines()
                        .filter(line -> line.endsWith(" desk"))
                        .findFirst()
                        .orElseThrow()
                        .split(" ")[0];
                assertThat(run(server, admin, "token", "revoke", desk).exit()).isZero();
                await().atMost(ServerProcess.PATIENCE)
                        .until(() ->
                                run(server, client, "list", "-o", "wide").out().contains("INACTIVE"));
                await().atMost(ServerProcess.PATIENCE)
                        .until(() -> agent.program().log().contains("UNAUTHENTICATED"));
                assertThat(run(server, client, "run", "team-a/story", "x").exit())
                        .isEqualTo(1);

                server.program().terminate();
                assertThat(server.program().exitCode()).isZero();
                log = server.program().log() + agent.program().log();
            }
            byte[] rows = Files.readAllBytes(directory.resolve("db.mv.db"));
            for (String secret : new String[] {agents, client, ADMIN}) {
                assertThat(log).doesNotContain(secret);
                assertThat(new String(rows, StandardCharsets.ISO_8859_1)).doesNotContain(secret);
            }
            assertThat(log.split(admin, -1)).as("shown once").hasSize(2);
        }
    }
}
