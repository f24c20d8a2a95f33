package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A copy of the database of a server that works on, and what it is worth once the database is gone; by the commands of the docs. */
@Tag("slow")
class BackupTest {
    private static String run(int exit, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isEqualTo(exit);
        return said;
    }

    private static String backup(int exit, ServerProcess server, Path file) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(Program.java("cli", "server", "backup", file.toString()));
        command.addAll(List.of("--server", server.address()));
        return run(exit, command);
    }

    private static String restore(int exit, Path directory, Path file) throws IOException, InterruptedException {
        return run(
                exit,
                Program.java(
                        "server",
                        "restore",
                        file.toString(),
                        "--set",
                        "database.url=jdbc:h2:file:" + directory.resolve("db")));
    }

    private static void awaitStatus(ServerProcess server, String llm, String status) {
        await().atMost(ServerProcess.PATIENCE).until(() -> server.status(llm).equals(status));
    }

    @Test
    void whatWasAcknowledgedBeforeABackupIsThereAfterItsRestoreAndAgentsComeBack(@TempDir Path directory)
            throws IOException, InterruptedException {
        Path file = directory.resolve("copy.zip");
        try (FakeBackend backend = FakeBackend.awake(exchange -> {
                    exchange.head(200, "text/plain");
                    exchange.chunk("well");
                    exchange.end();
                });
                ServerProcess server = ServerProcess.start(directory)) {
            String url = ", url: '" + backend.url() + "'}\n";
            try (AgentProcess early = AgentProcess.start(directory, "early", server.address(), "- {name: old" + url)) {
                awaitStatus(server, "old", "ACTIVE");
                long created = server.find("old").orElseThrow().getCreateTime().getSeconds();

                assertThat(backup(0, server, file)).contains("backup of revision ");
                assertThat(backup(1, server, file)).as("is not overwritten").contains(file.toString());

                try (AgentProcess late =
                        AgentProcess.start(directory, "late", server.address(), "- {name: new" + url)) {
                    awaitStatus(server, "new", "ACTIVE");
                    assertThat(restore(1, directory, file)).contains("db.mv.db"); // it is there, and in use
                    assertThat(server.status("new")).isEqualTo("ACTIVE");
                    server.program().kill();
                    Files.move(directory.resolve("db.mv.db"), directory.resolve("lost.mv.db"));
                    restore(0, directory, file);
                    server.startAgain();

                    awaitStatus(server, "old", "ACTIVE");
                    awaitStatus(server, "new", "ACTIVE"); // its session is not in the copy: it has made another
                    assertThat(server.find("old").orElseThrow().getCreateTime().getSeconds())
                            .as("the row of before")
                            .isEqualTo(created);
                    assertThat(late.program().log()).contains("SESSION_FORBIDDEN");
                    assertThat(early.program().log()).doesNotContain("SESSION_FORBIDDEN");
                }
            }
        }
    }
}
