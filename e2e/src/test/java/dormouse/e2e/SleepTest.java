package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dormouse sleep} in real processes, with commands as recipes, and the infer that wakes the sleeper again. */
class SleepTest {
    @TempDir
    static Path directory;

    private static ServerProcess server;
    private static FakeBackend backend;
    private static AgentProcess agent;
    private static Path log;
    private static Path jam;

    private record Result(int exit, String out, String err) {}

    @BeforeAll
    static void start() throws IOException {
        log = directory.resolve("recipes.log");
        jam = directory.resolve("jam");
        server = ServerProcess.start(directory);
        backend = FakeBackend.awake(exchange -> {
            exchange.head(200, "text/event-stream");
            exchange.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"42\"},\"finish_reason\":\"stop\"}]}\n\n"
                    + "data: [DONE]\n\n");
            exchange.end();
        });
        Path rest =
                script("rest.sh", "[ -e '" + jam + "' ] && { echo no bed >&2; exit 3; }\necho rest >> '" + log + "'");
        Path rouse = script("rouse.sh", "echo rouse >> '" + log + "'");
        agent = AgentProcess.start(
                directory,
                "ana",
                server.address(),
                backend.llm("sleepy", 4)
                        + "  wake: {type: command, command: sh, args: [\"" + rouse + "\"], maxWaitSeconds: 60}\n"
                        + "  sleep: {type: command, command: sh, args: [\"" + rest + "\"]}\n"
                        + backend.llm("restless", 4));
        server.awaitStatus("sleepy", "ACTIVE");
        server.awaitStatus("restless", "ACTIVE");
    }

    private static Path script(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text + "\n");
    }

    @AfterAll
    static void stop() {
        agent.close();
        backend.close();
        server.close();
    }

    private static Result run(String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Program.java("cli", arguments)).directory(directory.toFile());
        builder.environment().put("DORMOUSE_SERVER", server.address());
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err);
    }

    private static List<String> recipes() throws IOException {
        return Files.exists(log) ? Files.readAllLines(log) : List.of();
    }

    @Test
    void whatIsPutToSleepByHandSleepsUntilAnInferWakesIt() throws IOException, InterruptedException {
        Result slept = run("sleep", "sleepy");
        assertThat(slept.exit()).as(slept.err()).isZero();
        assertThat(slept.err()).endsWith("sleepy is HIBERNATING.\n");
        assertThat(recipes()).as("the recipe has run when the command returns").containsExactly("rest");
        assertThat(run("list", "--status", "hibernating", "-o", "name").out()).isEqualTo("sleepy\n");
        assertThat(run("sleep", "sleepy").exit()).as("again: it sleeps already").isZero();
        assertThat(recipes()).containsExactly("rest");

        Result answer = run("run", "sleepy", "what is it?");
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(answer.out()).isEqualTo("42\n");
        assertThat(recipes()).containsExactly("rest", "rouse");
        assertThat(run("get", "sleepy", "-o", "json").out()).contains("\"ACTIVE\"");
        String history = run("describe", "sleepy").out();
        assertThat(history).containsSubsequence("WOKE", "WAKE_STARTED", "SLEPT", "REGISTERED");
        assertThat(history).doesNotContain("BACKEND_DOWN");

        Files.createFile(jam);
        Result failed = run("sleep", "sleepy");
        Files.delete(jam);
        assertThat(failed.exit()).isEqualTo(1);
        assertThat(failed.err()).contains("BACKEND_FAILED", "exit code 3");
        assertThat(failed.err()).as("what the command said is its publisher's").doesNotContain("no bed");
        await().atMost(ServerProcess.PATIENCE)
                .until(() -> server.status("sleepy").equals("ACTIVE"));
    }

    @Test
    void whatHasNoRecipeIsRefused() throws IOException, InterruptedException {
        Result refused = run("sleep", "restless");
        assertThat(refused.exit()).isEqualTo(1);
        assertThat(refused.err()).contains("SLEEP_REFUSED", "no recipe");
        assertThat(run("sleep", "nobody").exit()).isEqualTo(1);
    }
}
