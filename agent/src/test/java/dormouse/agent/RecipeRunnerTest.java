package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.ScriptedServer.Peer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Cancel;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmStatus;
import dormouse.v1.ServerMessage;
import dormouse.v1.Wake;
import dormouse.v1.WakeResult;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wakes through a whole agent, with real commands, requests and packets. */
class RecipeRunnerTest {
    private final AgentHarness harness = new AgentHarness();
    private final ScriptedBackend backend = new ScriptedBackend((request, connection) -> {});
    private volatile boolean awake;

    @TempDir
    Path dir;

    RecipeRunnerTest() {
        backend.script = (request, connection) -> {
            if (request.line().startsWith("POST /start")) {
                awake = true;
                connection.answer(200, "text/plain", "starting");
            } else if (request.line().startsWith("POST /broken")) {
                connection.answer(503, "text/plain", "no room on the GPU\nmore of it");
            } else {
                connection.answer(awake ? 200 : 503, "application/json", "{}");
            }
        };
    }

    @AfterEach
    void close() {
        harness.close();
        backend.close();
    }

    private Peer attach(Recipe recipe, Duration maxWait) {
        return harness.attach(new LlmConfig(
                "qwen",
                backend.url(),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(2)),
                new LlmConfig.Wake(recipe, maxWait),
                null,
                null));
    }

    private static WakeResult wake(Peer peer) {
        peer.send(ServerMessage.newBuilder()
                .setWake(Wake.newBuilder().setTaskId("w1").setLlm("qwen")));
        return peer.await(AgentMessage::hasWakeResult, "the result of the wake").getWakeResult();
    }

    private Recipe.Http http(String path) {
        return new Recipe.Http(
                URI.create("http://127.0.0.1:" + backend.port() + path), "POST", Map.of("x-key", "abc"), "{\"p\":1}");
    }

    private static Recipe.Command sh(String script) {
        return new Recipe.Command("sh", List.of("-c", script));
    }

    @Test
    void a_request_wakes_the_backend() throws Exception {
        harness.start(new LlmConfig(
                "qwen",
                backend.url(),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(2)),
                new LlmConfig.Wake(http("/start?now=1"), Duration.ofSeconds(20)),
                null,
                null));
        Peer peer = harness.server.accept();
        LlmOffer offer = peer.await(AgentMessage::hasRegister, "a registration")
                .getRegister()
                .getLlms(0);
        assertThat(offer.getInitialStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(offer.getSpec().getWakeable()).isTrue();

        WakeResult result = wake(peer);

        assertThat(result.hasError()).as(result.getError().getMessage()).isFalse();
        assertThat(result.hasTook()).isTrue();
        Optional<ScriptedBackend.Request> start = backend.requests.stream()
                .filter(request -> request.line().startsWith("POST"))
                .findFirst();
        assertThat(start).get().satisfies(request -> {
            assertThat(request.line()).isEqualTo("POST /start?now=1 HTTP/1.1");
            assertThat(request.headers()).containsEntry("x-key", "abc");
            assertThat(request.text()).isEqualTo("{\"p\":1}");
        });
        assertThat(peer.await(AgentMessage::hasHeartbeat, "a heartbeat that says so")
                        .getHeartbeat()
                        .getReports(0)
                        .getStatus())
                .isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void a_request_that_is_refused_fails_the_wake_by_its_status_alone() {
        WakeResult result = wake(attach(http("/broken"), Duration.ofSeconds(20)));

        assertThat(Problems.reason(result.getError())).isEqualTo("WAKE_FAILED");
        assertThat(result.getError().getMessage()).isEqualTo("the wake recipe failed: its request was answered 503");
    }

    @Test
    void a_command_wakes_the_backend() {
        Path flag = dir.resolve("flag");
        backend.script =
                (request, connection) -> connection.answer(Files.exists(flag) ? 200 : 503, "application/json", "{}");

        WakeResult result = wake(attach(sh("echo noise; touch " + flag), Duration.ofSeconds(20)));

        assertThat(result.hasError()).as(result.getError().getMessage()).isFalse();
    }

    @Test
    void a_command_that_fails_is_told_by_its_exit_code_alone() {
        WakeResult result =
                wake(attach(sh("echo first >&2; echo 'no such profile' >&2; exit 3"), Duration.ofSeconds(20)));

        assertThat(Problems.reason(result.getError())).isEqualTo("WAKE_FAILED");
        assertThat(result.getError().getMessage())
                .isEqualTo("the wake recipe failed: its command ended with exit code 3");
    }

    @Test
    void a_command_that_does_not_exist_fails_the_wake() {
        WakeResult result = wake(attach(new Recipe.Command("no-such-program", List.of()), Duration.ofSeconds(20)));

        assertThat(Problems.reason(result.getError())).isEqualTo("WAKE_FAILED");
        assertThat(result.getError().getMessage())
                .isEqualTo("the wake recipe failed: its command could not be started");
    }

    @Test
    void a_command_that_floods_its_output_does_not_get_stuck() {
        WakeResult result = wake(attach(
                sh(
                        "head -c 5000000 /dev/zero | tr '\\0' x >&2; head -c 5000000 /dev/zero; echo >&2; echo end >&2; exit 1"),
                Duration.ofSeconds(20)));

        assertThat(result.getError().getMessage()).endsWith("exit code 1");
    }

    @Test
    void a_command_that_takes_too_long_is_killed_with_its_descendants() throws IOException {
        Path pids = dir.resolve("pids");
        WakeResult result = wake(attach(
                sh("echo $$ > " + pids + "; sh -c 'echo $$ >> " + pids + "; sleep 600; true'; true"),
                Duration.ofSeconds(3)));

        assertThat(Problems.reason(result.getError())).isEqualTo("WAKE_TIMEOUT");
        List<String> started = Files.readAllLines(pids);
        assertThat(started).hasSize(2);
        Awaitility.await()
                .untilAsserted(() -> assertThat(started)
                        .noneMatch(pid -> ProcessHandle.of(Long.parseLong(pid))
                                .map(ProcessHandle::isAlive)
                                .orElse(false)));
    }

    @Test
    void what_a_command_leaves_in_the_background_lives_on() throws Exception {
        Path pid = dir.resolve("pid");
        awake = false;
        backend.script =
                (request, connection) -> connection.answer(Files.exists(pid) ? 200 : 503, "application/json", "{}");

        WakeResult result = wake(attach(sh("sleep 600 & echo $! > " + pid), Duration.ofSeconds(20)));

        assertThat(result.hasError()).isFalse();
        ProcessHandle left =
                ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();
        assertThat(left.isAlive()).isTrue();
        left.destroyForcibly();
    }

    @Test
    void a_magic_packet_wakes_the_machine() throws Exception {
        try (DatagramSocket machine = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            machine.setSoTimeout(10_000);
            Peer peer = attach(
                    new Recipe.WakeOnLan("01-23-45-67-89-AB", "127.0.0.1", machine.getLocalPort()),
                    Duration.ofSeconds(20));
            peer.send(ServerMessage.newBuilder()
                    .setWake(Wake.newBuilder().setTaskId("w1").setLlm("qwen")));
            DatagramPacket packet = new DatagramPacket(new byte[1024], 1024);
            machine.receive(packet);
            awake = true;

            assertThat(packet.getLength()).isEqualTo(102);
            assertThat(packet.getData()).startsWith(255, 255, 255, 255, 255, 255, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 1);
            assertThat(peer.await(AgentMessage::hasWakeResult, "the result")
                            .getWakeResult()
                            .hasError())
                    .isFalse();
        }
    }

    @Test
    void a_cancel_ends_the_wake_and_its_command() throws Exception {
        Path pid = dir.resolve("pid");
        Peer peer = attach(
                sh("echo $$ > " + pid + ".new; mv " + pid + ".new " + pid + "; exec sleep 600"),
                Duration.ofSeconds(60));
        peer.send(ServerMessage.newBuilder()
                .setWake(Wake.newBuilder().setTaskId("w1").setLlm("qwen")));
        Awaitility.await().until(() -> Files.exists(pid));

        peer.send(ServerMessage.newBuilder().setCancel(Cancel.newBuilder().setTaskId("w1")));

        assertThat(peer.await(AgentMessage::hasWakeResult, "the result")
                        .getWakeResult()
                        .hasError())
                .isTrue();
        long command = Long.parseLong(Files.readString(pid).strip());
        Awaitility.await()
                .until(() ->
                        !ProcessHandle.of(command).map(ProcessHandle::isAlive).orElse(false));
    }

    @Test
    void whatIsLoggedOfARecipeHasNoUserAndNoQuery() {
        URI url = URI.create("http://bob:geheim@gpu.lan:8080/wake?key=geheim");
        assertThat(new Recipe.Http(url, "POST", Map.of("authorization", "geheim"), "geheim"))
                .hasToString("POST http://gpu.lan:8080/wake");
        assertThat(new Recipe.Http(URI.create("http://[::1]/wake"), "GET", Map.of(), ""))
                .hasToString("GET http://[::1]/wake");
    }
}
