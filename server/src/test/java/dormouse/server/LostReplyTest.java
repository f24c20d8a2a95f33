package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.LlmEvent;
import dormouse.v1.LlmEvent.Type;
import dormouse.v1.LlmStatus;
import dormouse.v1.ServerMessage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Commits that happen while their replies are lost: whoever asked hears of a failure. Failure list: 22. */
class LostReplyTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        ShownAndSaved.compareAndClose(server);
    }

    private LlmStatus status(String llm) {
        return server.llm(llm).getStatus();
    }

    private List<Type> history(String llm) {
        return ShownAndSaved.history(server, llm);
    }

    @Test
    void aRegistrationWhoseReplyIsLostIsNotTakenForGrantedAndMadeAgain() {
        Probe<LlmEvent> watch = server.watch(0);
        server.stores().loseTheNextReply();
        ana.ask(awake("a"));
        assertThat(ana.endedWith()).isEqualTo("STORE_UNAVAILABLE");
        assertThat(ana.session()).isEmpty();
        server.advance(ana.retryAfter());

        server.reconnect(ana).register(awake("a"));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(history("a")).containsExactly(Type.TYPE_ADOPTED, Type.TYPE_DEACTIVATED, Type.TYPE_REGISTERED);
        assertThat(watch.heard().stream().skip(1).map(LlmEvent::getRevision)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aLaterRegisterWhoseReplyIsLostIsAnsweredAMomentLater() {
        ana.register(awake("a"));
        server.stores().loseTheNextReply();
        ana.ask(awake("a"), awake("b"));
        assertThat(ana.heard()).hasSize(1);

        server.advance(Duration.ofSeconds(1));

        assertThat(Grants.of(ana.last(ServerMessage::hasRegistered).getRegistered()))
                .containsExactly("a REACTIVATED", "b REACTIVATED");
        assertThat(history("b")).containsExactly(Type.TYPE_REGISTERED);
    }

    @Test
    void aWakeGoesOnWhereAnotherChangeOfItsRowIsSavedButNotConfirmed() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        server.stores().loseTheNextReply();
        ana.ask(ScriptedAgent.offer(
                asleep("a").getSpec().toBuilder().setConcurrency(9), LlmStatus.LLM_STATUS_HIBERNATING));

        server.advance(Duration.ofSeconds(1));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        ana.awake(ana.wakes().get(0));
        ana.answer(ana.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
        assertThat(server.llm("a").getSpec().getConcurrency()).isEqualTo(9);
    }

    @Test
    void aDisconnectWhoseReplyIsLostHappensOnce() {
        ana.register(awake("a"), awake("b"));
        Probe<LlmEvent> watch = server.watch(2);
        server.stores().loseTheNextReply();

        ana.cut();
        server.advance(Duration.ofSeconds(1));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(watch.heard())
                .extracting(LlmEvent::getType)
                .containsExactly(Type.TYPE_DEACTIVATED, Type.TYPE_DEACTIVATED);
    }

    @Test
    void aWakeWhoseStartIsSavedButNotConfirmedIsNotSentAndTheNextInferStartsIt() {
        ana.register(asleep("a"));
        server.stores().loseTheNextReply();
        InferProbe first = server.infer("a");
        assertThat(first.reason()).isEqualTo("STORE_UNAVAILABLE");
        assertThat(ana.wakes()).isEmpty();
        server.advance(first.retryAfter());

        InferProbe second = server.infer("a");

        assertThat(ana.wakes()).hasSize(1);
        ana.awake(ana.wakes().get(0));
        ana.answer(ana.infers().get(0), "hello");
        assertThat(second.text()).isEqualTo("hello");
    }

    @Test
    void aWakeWhoseSuccessIsSavedButNotConfirmedHasSucceeded() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        server.stores().loseTheNextReply();

        ana.awake(ana.wakes().get(0));
        server.advance(Duration.ofSeconds(1));

        ana.answer(ana.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
        assertThat(history("a")).containsExactly(Type.TYPE_WOKE, Type.TYPE_WAKE_STARTED, Type.TYPE_REGISTERED);
    }

    @Test
    void aWakeWhoseFailureIsSavedButNotConfirmedIsToldToAllAndCounts() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        server.stores().loseTheNextReply();

        ana.wakeFails(ana.wakes().get(0), "the fan is broken");
        server.advance(Duration.ofSeconds(1));

        assertThat(infer.reason()).isEqualTo("WAKE_FAILED");
        assertThat(infer.retryAfter()).isEqualTo(Duration.ofSeconds(1));
        assertThat(server.infer("a").reason()).isEqualTo("WAKE_FAILED");
        assertThat(history("a")).containsExactly(Type.TYPE_WAKE_FAILED, Type.TYPE_WAKE_STARTED, Type.TYPE_REGISTERED);
    }

    @Test
    void aWakeIsNotForgottenWhereAnotherChangeOfItsRowIsSavedButNotConfirmed() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        ScriptedAgent next = server.agent("ana").sameAs(ana);
        server.stores().loseTheNextReply();
        next.ask(ScriptedAgent.offer(
                asleep("a").getSpec().toBuilder().setConcurrency(9), LlmStatus.LLM_STATUS_HIBERNATING));
        assertThat(next.endedWith()).isEqualTo("STORE_UNAVAILABLE"); // and so its agent is lost

        server.advance(Duration.ofSeconds(11));

        assertThat(infer.reason()).isEqualTo("AGENT_LOST"); // and not left waiting for a wake that nobody runs
        assertThat(history("a"))
                .containsExactly(
                        Type.TYPE_DEACTIVATED, Type.TYPE_UPDATED, Type.TYPE_WAKE_STARTED, Type.TYPE_REGISTERED);
    }

    @Test
    void aBackendReportWhoseReplyIsLostHappensOnce() {
        ana.register(awake("a"));
        server.stores().loseTheNextReply();

        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        server.advance(Duration.ofSeconds(1));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(history("a")).containsExactly(Type.TYPE_BACKEND_DOWN, Type.TYPE_REGISTERED);
    }
}
