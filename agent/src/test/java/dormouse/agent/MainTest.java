package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.ScriptedServer.Peer;
import dormouse.v1.AgentMessage;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent's process, as a user starts and stops it. */
class MainTest {
    private final List<Process> processes = new ArrayList<>();
    private final ScriptedServer scripted = new ScriptedServer();
    private final CountDownLatch go = new CountDownLatch(1);
    private final ScriptedBackend backend = new ScriptedBackend((request, connection) -> {
        if (request.line().startsWith("GET")) {
            connection.answer(200, "application/json", "{}");
            return;
        }
        connection.chunkedHead(200, "text/plain");
        connection.chunk("a");
        go.await();
        connection.chunk("b");
        connection.write("0\r\n\r\n");
    });
    private Server server;

    @TempDir
    Path dir;

    MainTest() throws IOException {
        server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(scripted)
                .build()
                .start();
    }

    @BeforeEach
    void write() throws IOException {
        config("qwen");
    }

    @AfterEach
    void close() {
        processes.forEach(Process::destroyForcibly);
        server.shutdownNow();
        scripted.close();
        backend.close();
    }

    private void config(String name) throws IOException {
        Path fresh = Files.writeString(dir.resolve("agent.yaml.new"), """
                server: 127.0.0.1:%d
                stateDir: %s
                llms: [{name: %s, url: "%s", available: {timeoutSeconds: 30}}]
                """.formatted(
                        server.getPort(), dir.resolve("state"), name, backend.url()));
        Files.move(
                fresh, dir.resolve("agent.yaml"), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private Process agent(String... args) throws IOException {
        return agent(List.of(), args);
    }

    private Process agent(List<String> jvm, String... args) throws IOException {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-XX:TieredStopAtLevel=1"));
        line.addAll(jvm);
        line.add("dormouse.agent.Main");
        line.addAll(List.of(args));
        Process process = new ProcessBuilder(line)
                .redirectError(dir.resolve("stderr-" + processes.size()).toFile())
                .start();
        processes.add(process);
        return process;
    }

    private Process agentWithFile(String... more) throws IOException {
        List<String> args =
                new ArrayList<>(List.of("--config", dir.resolve("agent.yaml").toString()));
        args.addAll(List.of(more));
        return agent(args.toArray(String[]::new));
    }

    private static int exit(Process process) throws InterruptedException {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
        return process.exitValue();
    }

    private String stderr(int number) throws IOException {
        return Files.readString(dir.resolve("stderr-" + number));
    }

    private static void signal(Process process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    @Test
    void a_wrong_file_is_one_line_and_exit_code_2() throws Exception {
        Files.writeString(dir.resolve("agent.yaml"), "name: desk\nllms:\n  - name: qwen\n    url: nowhere\n");

        assertThat(exit(agentWithFile())).isEqualTo(2);

        assertThat(stderr(0).lines()).singleElement().asString().contains("agent.yaml:4", "llms[0].url", "\"nowhere\"");
    }

    @Test
    void a_check_says_what_answers() throws Exception {
        Process good = agentWithFile("--check");
        Process bad = agentWithFile("--check", "--set", "llms=[{name: gone, url: 'http://127.0.0.1:1/v1'}]");

        assertThat(exit(good)).isZero();
        assertThat(new String(good.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .startsWith("qwen  ACTIVE  openai  " + backend.url());
        assertThat(exit(bad)).isEqualTo(1);
        assertThat(new String(bad.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .startsWith("gone  not available");
    }

    @Test
    void without_a_file_a_check_says_what_is_found_and_the_agent_publishes_it() throws Exception {
        backend.script = ModelServers.ollama("qwen3:8b");
        String ports = "discoverPorts=[" + backend.port() + "]";
        String home = "-Duser.home=" + dir;
        Process check = agent(List.of(home), "--check", "--set", ports);

        assertThat(exit(check)).isZero();
        assertThat(new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .startsWith("qwen3:8b  ")
                .contains("ollama  http://127.0.0.1:" + backend.port() + "/v1", "found", "wake: ", "sleep: ");

        Process agent = agent(List.of(home), "--set", ports, "--set", "server=127.0.0.1:" + server.getPort());
        assertThat(scripted.accept()
                        .await(message -> message.getRegister().getLlmsCount() > 0, "a registration of what was found")
                        .getRegister()
                        .getLlms(0)
                        .getSpec()
                        .getName())
                .isEqualTo("qwen3:8b");
        signal(agent, "TERM");
        assertThat(exit(agent)).as(stderr(1)).isZero();
    }

    @Test
    void a_life_from_start_to_sigterm() throws Exception {
        Process first = agentWithFile();
        Peer peer = scripted.accept();
        assertThat(peer.await(AgentMessage::hasRegister, "a registration")
                        .getRegister()
                        .getSessionId())
                .isEmpty();
        peer.await(AgentMessage::hasHeartbeat, "a heartbeat");

        assertThat(exit(agentWithFile())).isEqualTo(1);
        assertThat(stderr(1)).contains("in use by another agent");

        config("other");
        assertThat(peer.await(AgentMessage::hasRegister, "the changed file")
                        .getRegister()
                        .getLlms(0)
                        .getSpec()
                        .getName())
                .isEqualTo("other");
        config("third");
        signal(first, "HUP");
        assertThat(peer.await(AgentMessage::hasRegister, "the file after SIGHUP")
                        .getRegister()
                        .getLlms(0)
                        .getSpec()
                        .getName())
                .isEqualTo("third");

        AgentHarness.ask(peer, "t1", "third", "{}");
        peer.await(AgentMessage::hasInferChunk, "the first chunk");
        signal(first, "TERM");
        assertThat(peer.await(AgentMessage::hasGoodbye, "a goodbye")
                        .getGoodbye()
                        .getWithin()
                        .getSeconds())
                .isEqualTo(30);
        go.countDown();
        assertThat(peer.await(AgentMessage::hasInferEnd, "the end of the task")
                        .getInferEnd()
                        .getBytes())
                .isEqualTo(2);
        assertThat(exit(first)).as(stderr(0)).isZero();

        Process second = agentWithFile();
        assertThat(scripted.accept()
                        .await(AgentMessage::hasRegister, "a registration")
                        .getRegister()
                        .getSessionId())
                .isEqualTo("session-1");
        signal(second, "TERM");
        assertThat(exit(second)).isZero();
    }
}
