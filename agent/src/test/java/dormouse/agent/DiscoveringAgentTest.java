package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.ScriptedServer.Peer;
import dormouse.v1.AgentMessage;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import dormouse.v1.Sleep;
import dormouse.v1.Wake;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A whole agent without a file, with model servers on real ports beside it. */
class DiscoveringAgentTest {
    private final AgentHarness harness = new AgentHarness();
    private final ModelServers ollama = ModelServers.ollama("qwen3:8b", "nomic-embed-text:latest");
    private final ScriptedBackend first = new ScriptedBackend(ollama);
    private final ScriptedBackend second = new ScriptedBackend(ModelServers.llamaCpp("/models/Qwen3 0.6B.gguf"));
    private final List<Integer> ports = List.of(first.port(), second.port());

    @AfterEach
    void close() {
        harness.close();
        first.close();
        second.close();
    }

    private static List<String> names(Register register) {
        return register.getLlmsList().stream()
                .map(offer -> offer.getSpec().getName())
                .toList();
    }

    /** Waits for the registration of exactly these. */
    private static Register published(Peer peer, String... names) {
        return peer.await(
                        message -> message.hasRegister()
                                && names(message.getRegister()).equals(List.of(names)),
                        "a registration of " + List.of(names))
                .getRegister();
    }

    @Test
    void what_two_servers_of_two_kinds_have_is_published() {
        harness.discover(ports);
        Peer peer = harness.server.accept();

        Register register = published(peer, "qwen3:8b", "nomic-embed-text:latest", "Qwen3-0.6B");

        LlmOffer big = register.getLlms(0);
        assertThat(big.getSpec().getType()).isEqualTo("ollama");
        assertThat(big.getSpec().getWakeable()).isTrue();
        assertThat(big.getSpec().getSleepable()).isTrue();
        assertThat(register.getLlms(2).getSpec().getModel()).isEqualTo("/models/Qwen3 0.6B.gguf");
        assertThat(register.getLlms(2).getSpec().getType()).isEqualTo("llama.cpp");
        assertThat(register.getLlms(2).getSpec().getWakeable()).isFalse();
        awaitActive(peer, "qwen3:8b");
    }

    private static void awaitActive(Peer peer, String name) {
        peer.await(
                message -> message.getHeartbeat().getReportsList().stream()
                        .anyMatch(report ->
                                report.getName().equals(name) && report.getStatus() == LlmStatus.LLM_STATUS_ACTIVE),
                name + " to be ACTIVE");
    }

    @Test
    void it_follows_what_appears_and_disappears() {
        harness.discover(ports);
        Peer peer = harness.server.accept();
        published(peer, "qwen3:8b", "nomic-embed-text:latest", "Qwen3-0.6B");

        ollama.answers.put("GET /api/tags", "{\"models\":[{\"model\":\"qwen3:8b\"},{\"model\":\"new:1b\"}]}");
        published(peer, "qwen3:8b", "new:1b", "Qwen3-0.6B");

        second.script = ScriptedBackend.answering(503, "text/plain", "loading");
        published(peer, "qwen3:8b", "new:1b");

        second.script = ModelServers.llamaCpp("/models/Qwen3 0.6B.gguf");
        published(peer, "qwen3:8b", "new:1b", "Qwen3-0.6B");
    }

    @Test
    void where_nothing_is_yet_it_registers_nothing_and_looks_on() {
        first.script = ScriptedBackend.answering(503, "text/plain", "");
        second.script = first.script;
        harness.discover(ports);
        Peer peer = harness.server.accept();
        published(peer);

        first.script = ollama;
        published(peer, "qwen3:8b", "nomic-embed-text:latest");
    }

    @Test
    void what_the_file_lists_stays_as_the_file_has_it_and_the_rest_is_found() {
        LlmConfig listed = new LlmConfig(
                "mine",
                URI.create("http://localhost:" + first.port() + "/v1"),
                "qwen3:8b",
                BackendType.OLLAMA,
                null,
                "",
                9,
                java.util.Map.of(),
                new LlmConfig.Available(null, java.time.Duration.ofSeconds(2)),
                null,
                null,
                null);
        harness.discover(ports, listed);

        published(harness.server.accept(), "mine", "nomic-embed-text:latest", "Qwen3-0.6B");
    }

    @Test
    void a_found_model_answers_under_its_backends_own_name() throws Exception {
        harness.discover(ports);
        Peer peer = harness.server.accept();
        published(peer, "qwen3:8b", "nomic-embed-text:latest", "Qwen3-0.6B");
        second.script = (request, connection) -> {
            if (request.line().startsWith("POST")) {
                connection.answer(200, "application/json", request.text());
            } else {
                ModelServers.llamaCpp("/models/Qwen3 0.6B.gguf").answer(request, connection);
            }
        };

        AgentHarness.ask(peer, "t1", "Qwen3-0.6B", "{\"model\":\"Qwen3-0.6B\"}");

        assertThat(AgentHarness.answer(peer, "t1").body()).isEqualTo("{\"model\":\"/models/Qwen3 0.6B.gguf\"}");
    }

    @Test
    void a_found_model_is_put_to_sleep_and_woken_by_the_ways_of_its_kind() throws Exception {
        harness.discover(ports);
        Peer peer = harness.server.accept();
        awaitActive(peer, "qwen3:8b");
        ollama.answers.put("POST /api/generate", "{\"done\":true}");

        peer.send(ServerMessage.newBuilder()
                .setSleep(Sleep.newBuilder().setTaskId("s1").setLlm("qwen3:8b")));
        assertThat(peer.await(AgentMessage::hasSleepResult, "the end of the sleep")
                        .getSleepResult()
                        .hasError())
                .isFalse();
        peer.send(ServerMessage.newBuilder()
                .setWake(Wake.newBuilder().setTaskId("w1").setLlm("qwen3:8b")));
        assertThat(peer.await(AgentMessage::hasWakeResult, "the end of the wake")
                        .getWakeResult()
                        .hasError())
                .isFalse();

        assertThat(first.requests.stream()
                        .filter(request -> request.line().startsWith("POST"))
                        .map(ScriptedBackend.Request::text))
                .containsExactly("{\"model\":\"qwen3:8b\",\"keep_alive\":0}", "{\"model\":\"qwen3:8b\"}");
    }
}
