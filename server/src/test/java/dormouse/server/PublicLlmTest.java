package dormouse.server;

import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dormouse.contract.Problems;
import dormouse.v1.CreateLlmRequest;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.ListAgentsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmGrant;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import dormouse.v1.SleepLlmRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An operator declares and removes PUBLIC Llms, which the server itself serves from a real backend. Failure list: 9. */
class PublicLlmTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final BackendDouble backend = new BackendDouble();
    private Harness server;

    @BeforeEach
    void start() {
        server = Harness.start();
    }

    @AfterEach
    void close() {
        server.close();
        backend.close();
    }

    private Llm create(String name) {
        return create(name, request -> {});
    }

    private Llm create(String name, Consumer<CreateLlmRequest.Builder> more) {
        CreateLlmRequest.Builder request = CreateLlmRequest.newBuilder().setUrl(backend.url());
        request.getSpecBuilder().setName(name).setModel("model-of-" + name);
        more.accept(request);
        return server.llms().createLlm(request.build());
    }

    private void delete(String name) {
        server.llms().deleteLlm(DeleteLlmRequest.newBuilder().setName(name).build());
    }

    private static void refused(Runnable call, String reason, Status.Code code, String... words) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(Problems.reason(e)).isEqualTo(reason);
            assertThat(e.getStatus().getCode()).isEqualTo(code);
            for (String word : words) {
                assertThat(String.valueOf(e.getStatus().getDescription())).contains(word);
            }
        });
    }

    private static List<String> refusals(Registered answer) {
        return answer.getGrantsList().stream()
                .filter(LlmGrant::hasRefusal)
                .map(grant -> grant.getName() + " " + Problems.reason(grant.getRefusal()))
                .toList();
    }

    private void awaitStatus(String name, LlmStatus status) {
        await().atMost(PATIENCE).until(() -> server.llm(name).getStatus() == status);
    }

    private InferProbe answered(InferProbe infer) {
        await().atMost(PATIENCE).until(infer::over);
        return infer;
    }

    @Test
    void whatIsDeclaredAnswersAtOnceByTheBackendsOwnName() {
        Llm made = create("gpt", request -> request.getSpecBuilder().putLabels("tier", "paid"));

        assertThat(made.getKind()).isEqualTo(LlmKind.LLM_KIND_PUBLIC);
        assertThat(made.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(made.getSpec().getConcurrency()).isEqualTo(4);
        assertThat(made.getSpec().getLabelsMap()).containsEntry("tier", "paid");
        assertThat(made.getSessionId() + made.getAgentName() + made.getReplicaId())
                .isEmpty();
        assertThat(made.hasLastHeartbeatTime()).isFalse();
        InferProbe answer = answered(server.infer("gpt", "{\"model\":\"gpt\"}"));
        assertThat(answer.text()).isEqualTo("{\"said\":\"hello\"}");
        assertThat(backend.asked("POST")).singleElement().satisfies(asked -> {
            assertThat(asked.path()).isEqualTo("/v1/chat/completions");
            assertThat(asked.body()).isEqualTo("{\"model\":\"model-of-gpt\"}");
            assertThat(asked.authorization()).isEmpty();
        });
    }

    @Test
    void whatIsLeftOutHasItsDefault() {
        Llm made = server.llms()
                .createLlm(CreateLlmRequest.newBuilder()
                        .setUrl(backend.url() + "/")
                        .setSpec(LlmSpec.newBuilder().setName("gpt"))
                        .build());
        assertThat(made.getSpec().getModel()).isEqualTo("gpt");
        assertThat(made.getSpec().getType()).isEqualTo("openai");
        assertThat(made.getSpec().getWakeable() || made.getSpec().getSleepable())
                .isFalse();
    }

    @Test
    void itsKeyGoesToItsBackendAndNowhereElse() {
        server.environment().put("DORMOUSE_KEY_GPT", "sk-very-secret");
        try (HeardLog heard = new HeardLog()) {
            Llm made = create("gpt", request -> request.setKeyEnv("DORMOUSE_KEY_GPT"));
            answered(server.infer("gpt"));

            assertThat(backend.asked("POST"))
                    .singleElement()
                    .satisfies(asked -> assertThat(asked.authorization()).isEqualTo("Bearer sk-very-secret"));
            assertThat(backend.asked("GET"))
                    .isNotEmpty()
                    .allSatisfy(asked -> assertThat(asked.authorization()).isEqualTo("Bearer sk-very-secret"));
            assertThat(made.toString()).doesNotContain("sk-very-secret", "DORMOUSE_KEY");
            assertThat(Dump.of(server.database())).contains("DORMOUSE_KEY_GPT").doesNotContain("sk-very-secret");
            assertThat(heard.text()).contains("gpt").doesNotContain("sk-very-secret");
        }
    }

    @Test
    void aKeyThatIsNotThereIsSaidAndNothingIsDeclared() {
        refused(
                () -> create("gpt", request -> request.setKeyEnv("DORMOUSE_KEY_GPT")),
                "MALFORMED",
                Status.Code.INVALID_ARGUMENT,
                "key_env",
                "DORMOUSE_KEY_GPT is not set");
        refused(
                () -> create("gpt", request -> request.setKeyFile("/nowhere/at/all")),
                "MALFORMED",
                Status.Code.INVALID_ARGUMENT,
                "key_file");
        refused(() -> server.llm("gpt"), "LLM_NOT_FOUND", Status.Code.NOT_FOUND);
    }

    @Test
    void whatIsWrongIsNamed() {
        Status.Code code = Status.Code.INVALID_ARGUMENT;
        refused(() -> create("no spaces"), "MALFORMED", code, "name");
        refused(() -> create(""), "MALFORMED", code, "name");
        refused(() -> create("a", r -> r.setUrl("ftp://h/v1")), "MALFORMED", code, "url");
        refused(() -> create("a", r -> r.setUrl("http://[:::]/v1")), "MALFORMED", code, "url");
        refused(() -> create("a", r -> r.getSpecBuilder().setConcurrency(1025)), "MALFORMED", code, "concurrency");
        refused(() -> create("a", r -> r.getSpecBuilder().setPool("a")), "MALFORMED", code, "pool");
        refused(() -> create("a", r -> r.getSpecBuilder().setType("x")), "MALFORMED", code, "type");
        refused(() -> create("a", r -> r.setKeyEnv("PATH")), "MALFORMED", code, "key_env", "DORMOUSE_KEY_");
        refused(
                () -> create("a", r -> r.setKeyEnv("DORMOUSE_KEY_A").setKeyFile("/a")),
                "MALFORMED",
                code,
                "at most one");
        refused(() -> delete("no spaces"), "MALFORMED", code, "name");
        assertThat(server.server().fleet().all()).isEmpty();
    }

    @Test
    void aNameIsGivenOnce() {
        ScriptedAgent ana = server.agent("ana");
        ana.register(
                awake("held"),
                offer(LlmSpec.newBuilder().setName("member").setPool("team"), LlmStatus.LLM_STATUS_ACTIVE));
        create("gpt");

        refused(() -> create("gpt"), "NAME_EXISTS", Status.Code.ALREADY_EXISTS, "gpt");
        refused(() -> create("held"), "NAME_EXISTS", Status.Code.ALREADY_EXISTS, "ana");
        refused(() -> create("team"), "NAME_EXISTS", Status.Code.ALREADY_EXISTS, "pool");
        refused(
                () -> create("other", r -> r.getSpecBuilder().setPool("held")),
                "NAME_EXISTS",
                Status.Code.ALREADY_EXISTS,
                "pool");
        assertThat(create("third", r -> r.getSpecBuilder().setPool("team"))
                        .getSpec()
                        .getPool())
                .isEqualTo("team");
    }

    @Test
    void noAgentGetsItsName() {
        create("gpt");
        ScriptedAgent ana = server.agent("ana");
        assertThat(refusals(ana.register(awake("gpt"), awake("own")))).containsExactly("gpt NAME_IS_PUBLIC");
        ana.heartbeat("gpt", LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("gpt").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        ana.cut();
        assertThat(server.llm("gpt").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void theNameOfAnAgentThatIsAwayIsTheOperatorsForTheTaking() {
        ScriptedAgent ana = server.agent("ana");
        ana.register(awake("gpt"));
        com.google.protobuf.Timestamp since = server.llm("gpt").getCreateTime();
        ana.cut();

        assertThat(create("gpt").getCreateTime()).isEqualTo(since);

        assertThat(refusals(server.reconnect(ana).register(awake("gpt")))).containsExactly("gpt NAME_IS_PUBLIC");
        assertThat(answered(server.infer("gpt")).text()).contains("hello");
    }

    @Test
    void itIsGoneWhenItIsRemovedAndItsRunningTaskFinishes() {
        create("gpt");
        backend.hold();
        InferProbe running = server.infer("gpt");
        await().atMost(PATIENCE).until(() -> backend.asked("POST").size() == 1);

        delete("gpt");

        refused(() -> server.llm("gpt"), "LLM_NOT_FOUND", Status.Code.NOT_FOUND);
        assertThat(answered(server.infer("gpt")).reason()).isEqualTo("LLM_NOT_FOUND");
        assertThat(Dump.of(server.database())).doesNotContain(backend.url());
        backend.letGo();
        assertThat(answered(running).text()).isEqualTo("{\"said\":\"hello\"}");
        assertThat(running.completed()).isTrue();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(server.remains().values()).allMatch(left -> left.longValue() == 0));
        assertThat(refusals(server.agent("ana").register(awake("gpt")))).isEmpty();
    }

    @Test
    void onlyAPublicOneCanBeRemoved() {
        server.agent("ana").register(awake("own"));
        refused(() -> delete("own"), "FORBIDDEN", Status.Code.PERMISSION_DENIED, "VIRTUAL");
        refused(() -> delete("none"), "LLM_NOT_FOUND", Status.Code.NOT_FOUND);
    }

    @Test
    void aBackendThatIsDownIsSaidToBeAndComesBackByItself() {
        create("gpt");
        Probe<LlmEvent> watch = server.watch(0);
        backend.goDown();
        awaitStatus("gpt", LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("gpt").getStatusReason()).contains("does not answer");
        assertThat(answered(server.infer("gpt")).reason()).isEqualTo("LLM_INACTIVE");
        Probe<?> wake = server.wake("gpt");
        assertThat(wake.reason()).isEqualTo("LLM_INACTIVE");

        backend.comeBack();
        awaitStatus("gpt", LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(answered(server.infer("gpt")).text()).contains("hello");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(watch.heard())
                        .extracting(LlmEvent::getType)
                        .containsSubsequence(LlmEvent.Type.TYPE_BACKEND_DOWN, LlmEvent.Type.TYPE_BACKEND_UP));
    }

    @Test
    void whatItAnswersPassesAsItIsARedirectToo() {
        create("gpt");
        InferProbe answer = answered(server.infer("gpt", "{\"go\":\"elsewhere\"}"));
        assertThat(answer.head()).isNotNull();
        assertThat(answer.head().getStatus()).isEqualTo(307);
        assertThat(backend.asked("POST")).hasSize(1);
    }

    @Test
    void awakeItIsAlreadyForWhoeverWakesIt() {
        create("gpt");
        Probe<?> wake = server.wake("gpt");
        assertThat(wake.completed()).isTrue();
        assertThat(wake.heard()).hasSize(1);
    }

    @Test
    void itHasNoRecipeToPutItToSleep() {
        create("gpt");
        refused(
                () -> server.llms()
                        .sleepLlm(SleepLlmRequest.newBuilder().setName("gpt").build()),
                "SLEEP_REFUSED",
                Status.Code.FAILED_PRECONDITION,
                "no recipe");
    }

    @Test
    void theAgentThatServesItIsNobodysBusiness() {
        create("gpt");
        answered(server.infer("gpt"));
        assertThat(server.admin()
                        .listAgents(ListAgentsRequest.getDefaultInstance())
                        .getAgentsList())
                .isEmpty();
        assertThat(server.server().sessions().attached()).isEmpty();
    }

    @Test
    void itsConcurrencyHoldsForItToo() {
        create("gpt", request -> request.getSpecBuilder().setConcurrency(1));
        backend.hold();
        InferProbe first = server.infer("gpt");
        InferProbe second = server.infer("gpt");
        await().atMost(PATIENCE).until(() -> backend.asked("POST").size() == 1);
        assertThat(server.llm("gpt").getActiveTasks()).isEqualTo(1);
        assertThat(server.llm("gpt").getQueuedTasks()).isEqualTo(1);
        backend.letGo();
        assertThat(answered(first).completed()).isTrue();
        assertThat(answered(second).completed()).isTrue();
    }

    @Test
    void itOutlivesItsServerWithItsAgeAndIsServedFromTheStart() {
        com.google.protobuf.Timestamp since = create("gpt").getCreateTime();
        server.advance(Duration.ofMinutes(5));
        server.restart();
        assertThat(server.llm("gpt").getCreateTime()).isEqualTo(since);
        assertThat(answered(server.infer("gpt")).text()).contains("hello");
        server.kill();
        assertThat(server.llm("gpt").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(answered(server.infer("gpt")).text()).contains("hello");
    }

    @Test
    void aServerThatDrainsLetsItsTaskFinish() {
        create("gpt");
        backend.hold();
        InferProbe running = server.infer("gpt");
        await().atMost(PATIENCE).until(() -> backend.asked("POST").size() == 1);

        CompletableFuture<Void> drained = CompletableFuture.runAsync(() -> {
            try {
                server.server().drain(PATIENCE);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        await().atMost(PATIENCE)
                .until(() -> answered(server.infer("gpt")).reason().equals("REPLICA_DRAINING"));
        assertThat(running.over()).isFalse();
        backend.letGo();

        assertThat(answered(running).text()).isEqualTo("{\"said\":\"hello\"}");
        await().atMost(PATIENCE).until(drained::isDone);
        assertThat(drained).isCompleted();
    }

    @Test
    void whileTheDatabaseIsAwayNothingIsDeclaredAndWhatIsThereAnswers() {
        create("gpt");
        server.stores().away();
        refused(() -> create("other"), "STORE_UNAVAILABLE", Status.Code.UNAVAILABLE);
        refused(() -> delete("gpt"), "STORE_UNAVAILABLE", Status.Code.UNAVAILABLE);
        assertThat(answered(server.infer("gpt")).text()).contains("hello");
        server.stores().back();
        server.advance(Duration.ofSeconds(2));
        create("other");
        delete("gpt");
    }

    @Test
    void aCommitWhoseReplyIsLostIsServedAllTheSame() {
        create("gpt");
        server.stores().loseTheNextReply();
        refused(() -> create("other"), "STORE_UNAVAILABLE", Status.Code.UNAVAILABLE);
        server.advance(Duration.ofSeconds(2));
        refused(() -> create("other"), "NAME_EXISTS", Status.Code.ALREADY_EXISTS);
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(answered(server.infer("other")).text()).contains("hello"));
    }
}
