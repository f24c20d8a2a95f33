package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line against the real server. */
class CommandLineTest {
    private static final String SSE =
            "data: {\"choices\":[{\"delta\":{\"content\":\"Once upon a time, größer.\"}}]}\n\n"
                    + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    @TempDir
    static Path directory;

    private static ServerProcess server;
    private static FakeBackend backend;
    private static FakeBackend endless;
    private static AgentProcess agent;

    private record Result(int exit, String out, String err) {}

    @BeforeAll
    static void start() {
        server = ServerProcess.start(directory);
        backend = FakeBackend.asleep(exchange -> {
            exchange.head(200, "text/event-stream");
            exchange.chunk(SSE);
            exchange.end();
        });
        endless = FakeBackend.awake(exchange -> {
            exchange.head(200, "text/event-stream");
            exchange.chunk(SSE.substring(0, SSE.indexOf("\n\n") + 2));
            exchange.clientLeft(60);
        });
        agent = AgentProcess.start(
                directory, "ana", server.address(), backend.wakeableLlm("sleepy", 4) + endless.llm("endless", 4));
        server.awaitStatus("sleepy", "HIBERNATING");
    }

    @AfterAll
    static void stop() {
        agent.close();
        backend.close();
        endless.close();
        server.close();
    }

    private static Process begin(String... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Program.java("cli", arguments)).directory(directory.toFile());
        builder.environment().put("DORMOUSE_SERVER", server.address());
        return builder.start();
    }

    private static Result run(String... arguments) throws IOException, InterruptedException {
        Process process = begin(arguments);
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err);
    }

    @Test
    void listsShowsWakesAndRuns() throws IOException, InterruptedException {
        assertThat(run("list", "-o", "name").out()).isEqualTo("endless\nsleepy\n");
        assertThat(run("list").out()).startsWith("NAME").contains("sleepy");
        JsonNode listed = new ObjectMapper()
                .readTree(run("list", "-o", "json", "--kind", "virtual").out());
        assertThat(listed.path("llms")).hasSize(2);
        assertThat(listed.path("revision").asLong()).isPositive();
        assertThat(listed.path("llms").path(1).path("name").asText()).isEqualTo("sleepy");
        assertThat(listed.path("llms").path(1).path("kind").asText()).isEqualTo("VIRTUAL");

        Result answer = run("run", "sleepy", "tell me a story");
        assertThat(answer.exit()).as(answer.err()).isZero();
        assertThat(answer.out()).isEqualTo("Once upon a time, größer.\n");
        assertThat(run("wake", "sleepy").exit()).isZero();
        assertThat(run("get", "sleepy", "-o", "json").out()).contains("\"ACTIVE\"");
        assertThat(run("describe", "sleepy").out()).contains("WAKE_STARTED").contains("WOKE");
        assertThat(run("agents").out()).contains("ana");
    }

    @Test
    void readsThePromptFromAPipe() throws IOException, InterruptedException {
        Process process = begin("run", "sleepy", "-");
        process.getOutputStream().write("tell me a story".getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(err).isZero();
        assertThat(out).isEqualTo("Once upon a time, größer.\n");
    }

    @Test
    void saysByItsExitCodeWhatWentWrong() throws IOException, InterruptedException {
        assertThat(run("get", "nobody").exit()).isEqualTo(1);
        assertThat(run("run", "nobody", "hello").exit()).isEqualTo(1);
        assertThat(run("list", "-o", "poetry").exit()).isEqualTo(2);
        assertThat(run("frobnicate").exit()).isEqualTo(2);
        assertThat(run("--server", "127.0.0.1:1", "list").exit()).isEqualTo(3);
    }

    @Test
    void anInterruptedRunIsToldToTheBackendAndExits130() throws IOException, InterruptedException {
        Process process = begin("run", "endless", "and then?");
        await().atMost(ServerProcess.PATIENCE)
                .until(() -> process.getInputStream().available() > 0);
        assertThat(new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
        assertThat(endless.exchanges().get(endless.exchanges().size() - 1).clientLeft(30))
                .isTrue();
    }
}
