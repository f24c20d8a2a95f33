package dormouse.server;

import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dormouse.contract.Problems;
import dormouse.settings.SettingsException;
import dormouse.v1.CreateLlmRequest;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PUBLIC Llms of the server's file, over its starts. */
class PublicLlmFileTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private final BackendDouble backend = new BackendDouble();
    private Harness server = Harness.start();

    @AfterEach
    void close() {
        server.close();
        backend.close();
    }

    /** The file's list, {@code more} being further keys of each. */
    private String file(String more, String... names) {
        return "llms=["
                + String.join(
                        ", ",
                        List.of(names).stream()
                                .map(name -> "{name: " + name + ", url: \"" + backend.url() + "\"" + more + "}")
                                .toList())
                + "]";
    }

    private List<LlmEvent.Type> history(String name) {
        return server
                .llms()
                .listLlmEvents(dormouse.v1.ListLlmEventsRequest.newBuilder()
                        .setName(name)
                        .build())
                .getEventsList()
                .stream()
                .map(LlmEvent::getType)
                .toList();
    }

    private void answers(String name, String key) {
        InferProbe infer = server.infer(name);
        await().atMost(PATIENCE).until(infer::over);
        assertThat(infer.text()).as(infer.message()).contains("hello");
        List<BackendDouble.Asked> asked = backend.asked("POST");
        assertThat(asked.get(asked.size() - 1).authorization()).isEqualTo(key.isEmpty() ? "" : "Bearer " + key);
    }

    private void awaitStatus(String name, LlmStatus status) {
        await().atMost(PATIENCE).until(() -> server.llm(name).getStatus() == status);
    }

    @Test
    void whatIsNewIsRegisteredWhatHasChangedUpdatedWhatIsGoneDeletedAndTheRestLeftAlone() {
        server.restart(file("", "same", "other", "gone"));
        Llm same = server.llm("same");
        assertThat(same.getKind()).isEqualTo(LlmKind.LLM_KIND_PUBLIC);
        answers("same", "");
        answers("gone", "");

        server.restart("llms=[{name: same, url: \"" + backend.url() + "\"}, {name: other, url: \"" + backend.url()
                + "/\", model: m, concurrency: 9, labels: {a: b}, pool: p, type: vllm}, {name: new, url: \""
                + backend.url() + "\"}]");

        assertThat(server.llm("same")).isEqualTo(same);
        assertThat(history("same")).containsExactly(LlmEvent.Type.TYPE_REGISTERED);
        assertThat(history("other")).containsExactly(LlmEvent.Type.TYPE_UPDATED, LlmEvent.Type.TYPE_REGISTERED);
        LlmSpec other = server.llm("other").getSpec();
        assertThat(List.of(other.getModel(), other.getPool(), other.getType(), other.getConcurrency()))
                .containsExactly("m", "p", "vllm", 9);
        assertThat(history("gone")).startsWith(LlmEvent.Type.TYPE_DELETED);
        assertThatThrownBy(() -> server.llm("gone")).isInstanceOf(StatusRuntimeException.class);
        answers("new", "");

        server.restart("llms=[]");
        assertThat(server.server().fleet().all()).isEmpty();
    }

    @Test
    void anotherAddressOrAnotherPlaceOfTheKeyIsAChangeToo() {
        server.environment().put("DORMOUSE_KEY_A", "sk-a");
        server.restart(file("", "a"));
        answers("a", "");
        server.restart(file(", keyEnv: DORMOUSE_KEY_A", "a"));
        answers("a", "sk-a");
        assertThat(history("a")).containsExactly(LlmEvent.Type.TYPE_UPDATED, LlmEvent.Type.TYPE_REGISTERED);
    }

    @Test
    void whereAKeyIsMissingTheServerStartsAndSaysWhichOneItCannotServe() {
        try (HeardLog heard = new HeardLog()) {
            server.restart(file(", keyEnv: DORMOUSE_KEY_A", "a"));
            awaitStatus("a", LlmStatus.LLM_STATUS_INACTIVE);
            assertThat(server.llm("a").getStatusReason())
                    .isEqualTo("key_env: DORMOUSE_KEY_A is not set in the server's environment");
            assertThat(heard.text()).contains("PUBLIC Llm is not served llm=a");
        }
        server.environment().put("DORMOUSE_KEY_A", "sk-a");
        server.restart();
        awaitStatus("a", LlmStatus.LLM_STATUS_ACTIVE);
        answers("a", "sk-a");
    }

    @Test
    void aFileWithAKeyIsReadAgainWithoutARestart() throws IOException {
        Path key = Files.writeString(directory.resolve("key"), "sk-one\n");
        server.restart(file(", keyFile: \"" + key + "\"", "a"));
        answers("a", "sk-one");

        Files.writeString(key, "sk-two\n");
        await().atMost(PATIENCE).untilAsserted(() -> answers("a", "sk-two"));

        Files.delete(key);
        awaitStatus("a", LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("a").getStatusReason()).startsWith("key_file: ").doesNotContain(key.toString());
        Files.writeString(key, "sk-three\n");
        awaitStatus("a", LlmStatus.LLM_STATUS_ACTIVE);
        answers("a", "sk-three");
        assertThat(Dump.of(server.database())).contains(key.toString()).doesNotContain("sk-");
    }

    @Test
    void whatStandsInTheFileIsNotRemovedByACall() {
        server.restart(file("", "a"));
        assertThatThrownBy(() -> server.llms()
                        .deleteLlm(DeleteLlmRequest.newBuilder().setName("a").build()))
                .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("FORBIDDEN"))
                .hasMessageContaining("file");
        answers("a", "");
    }

    @Test
    void aNameThatWasCreatedByACallAndStandsInTheFileKeepsTheServerFromStarting() {
        server.llms()
                .createLlm(CreateLlmRequest.newBuilder()
                        .setUrl(backend.url())
                        .setSpec(LlmSpec.newBuilder().setName("a"))
                        .build());
        assertThatThrownBy(() -> server.restart(file("", "a")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("a stands in the file")
                .hasMessageContaining("dormouse create");

        server.restart(file("", "b"));
        answers("a", "");
        answers("b", "");
    }

    @Test
    void theFileTakesTheNameOfAnAgentAndThePoolOfOneThatIsAway() {
        ScriptedAgent ana = server.agent("ana");
        ana.register(
                awake("a"),
                ScriptedAgent.offer(LlmSpec.newBuilder().setName("member").setPool("b"), LlmStatus.LLM_STATUS_ACTIVE));

        server.restart(file("", "a", "b"));

        assertThat(history("a")).startsWith(LlmEvent.Type.TYPE_ADOPTED);
        answers("a", "");
        answers("b", "");
        Registered back = server.reconnect(ana)
                .register(
                        awake("a"),
                        ScriptedAgent.offer(
                                LlmSpec.newBuilder().setName("member").setPool("b"), LlmStatus.LLM_STATUS_ACTIVE));
        assertThat(Problems.reason(back.getGrants(0).getRefusal())).isEqualTo("NAME_IS_PUBLIC");
        assertThat(Problems.reason(back.getGrants(1).getRefusal())).isEqualTo("NAME_IN_USE");
    }

    @Test
    void aBackendThatIsDownHoldsUpNoStart() {
        backend.goDown();
        server.restart(file("", "a"));
        awaitStatus("a", LlmStatus.LLM_STATUS_INACTIVE);
        backend.comeBack();
        awaitStatus("a", LlmStatus.LLM_STATUS_ACTIVE);
        answers("a", "");
    }
}
