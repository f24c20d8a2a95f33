package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.contract.Times;
import dormouse.v1.Deadlines;
import dormouse.v1.InferRequest;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Wake;
import dormouse.v1.WakeProgress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules 9 and 10: what else happens while an Llm is being woken. Failure list: 11. */
class WakeInterruptedTest {
    private Harness server = Harness.start();
    private ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private void startWith(String... sets) {
        server.close();
        server = Harness.start(sets);
        ana = server.agent("ana");
    }

    private LlmStatus status() {
        return server.llm("a").getStatus();
    }

    private List<LlmEvent.Type> history() {
        return server
                .llms()
                .listLlmEvents(ListLlmEventsRequest.newBuilder().setName("a").build())
                .getEventsList()
                .stream()
                .map(LlmEvent::getType)
                .toList();
    }

    private Wake wake(int number) {
        assertThat(ana.wakes()).hasSize(number);
        return ana.wakes().get(number - 1);
    }

    @Test
    void anAgentThatComesBackAwakeEndsTheCoolDown() {
        ana.register(asleep("a"));
        server.infer("a");
        ana.wakeFails(wake(1), "no");
        ana.cut();
        server.reconnect(ana).register(awake("a"));
        ana.heartbeat("a", LlmStatus.LLM_STATUS_HIBERNATING);

        InferProbe infer = server.infer("a");

        assertThat(infer.over()).isFalse();
        wake(1);
    }

    @Test
    void anAgentThatDiesAmidAWakeFailsAllWhoWaitAfterTheGrace() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        Probe<WakeProgress> byHand = server.wake("a");

        ana.cut();
        server.advance(Duration.ofSeconds(10));

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(byHand.reason()).isEqualTo("AGENT_LOST");
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        server.reconnect(ana).register(asleep("a"));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        InferProbe next = server.infer("a");
        ana.awake(wake(1));
        ana.answer(ana.infers().get(0), "back");
        assertThat(next.text()).isEqualTo("back");
    }

    @Test
    void anAgentThatFallsSilentAmidAWakeFailsAllWhoWait() {
        ana.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("a").setWakeable(true).setMaxWait(Times.duration(Duration.ofMinutes(10))),
                LlmStatus.LLM_STATUS_HIBERNATING));
        InferProbe infer = server.infer("a");

        server.advance(Duration.ofSeconds(106));

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        ana.heartbeat();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void aServerThatIsRestartedAmidAWakeFindsTheRowWhereItWas() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        server.restart();

        assertThat(infer.reason()).isIn("REPLICA_DRAINING", "AGENT_LOST");
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        server.reconnect(ana).register(asleep("a"));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void aResultThatComesLateChangesNothingAndTheNextHeartbeatDoes() {
        ana.register(asleep("a"));
        server.infer("a");
        Wake late = wake(1);
        server.advance(Duration.ofSeconds(71));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        InferProbe next = server.infer("a");
        wake(2);

        ana.wakeFails(late, "too late");
        ana.awake(late);
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(next.over()).isFalse();

        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        ana.awake(wake(2));
        ana.answer(ana.infers().get(0), "well");
        assertThat(next.text()).isEqualTo("well");
    }

    @Test
    void aResultOfAnotherAgentChangesNothing() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        ScriptedAgent eve = server.agent("eve");
        eve.register(asleep("e"));

        eve.awake(wake(1));
        eve.wakeFails(wake(1), "ha");

        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(infer.over()).isFalse();
        assertThat(eve.open()).isTrue();
    }

    @Test
    void aWaiterThatLeavesDoesNotEndTheWakeForTheOthers() {
        startWith("wake.whenUnwanted=cancel");
        ana.register(asleep("a"));
        InferProbe leaves = server.infer("a");
        InferProbe stays = server.infer("a");

        leaves.cancel();

        assertThat(ana.cancelled()).isEmpty();
        ana.awake(wake(1));
        assertThat(ana.infers()).hasSize(1);
        ana.answer(ana.infers().get(0), "for one");
        assertThat(stays.text()).isEqualTo("for one");
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void whenTheLastWaiterLeavesTheWakeGoesOn() {
        ana.register(asleep("a"));
        server.infer("a").cancel();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(ana.cancelled()).isEmpty();

        ana.awake(wake(1));

        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(ana.infers()).isEmpty();
    }

    @Test
    void whenTheLastWaiterLeavesTheWakeIsCancelledWhereTheOperatorSaysSo() {
        startWith("wake.whenUnwanted=cancel");
        ana.register(asleep("a"));
        InferProbe one = server.infer("a");
        InferProbe other = server.infer("a");
        one.cancel();
        other.cancel();

        assertThat(ana.cancelled()).containsExactly(wake(1).getTaskId());
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        InferProbe next = server.infer("a");
        assertThat(next.over()).isFalse(); // what nobody wanted has not failed: no cool-down
        ana.awake(wake(2));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void aWaiterWhoseOwnPatienceEndsLeavesTheWakeAlone() {
        ana.register(asleep("a"));
        InferProbe hasty = server.infer(InferRequest.newBuilder()
                .setLlm("a")
                .setInput(ByteString.copyFromUtf8("{}"))
                .setDeadlines(Deadlines.newBuilder().setWake(Times.duration(Duration.ofSeconds(5))))
                .build());
        InferProbe patient = server.infer("a");

        server.advance(Duration.ofSeconds(5));

        assertThat(hasty.reason()).isEqualTo("WAKE_TIMEOUT");
        assertThat(patient.over()).isFalse();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
    }

    @Test
    void anLlmThatIsWithdrawnAmidItsWakeFailsAllWhoWait() {
        ana.register(asleep("a"), asleep("b"));
        InferProbe infer = server.infer("a");

        ana.register(asleep("b"));

        assertThat(infer.reason()).isEqualTo("LLM_INACTIVE");
        ana.awake(wake(1));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void aHeartbeatThatReportsActiveIsTheSuccessOfTheWake() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        ana.heartbeat("a", LlmStatus.LLM_STATUS_HIBERNATING); // no news: it wakes
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);

        assertThat(history().get(0)).isEqualTo(LlmEvent.Type.TYPE_WOKE);
        ana.answer(ana.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
    }

    @Test
    void aHeartbeatThatReportsDownEndsTheWake() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);

        assertThat(infer.reason()).isEqualTo("LLM_INACTIVE");
    }

    @Test
    void anAgentThatRegistersItAwakeAmidTheWakeHasWokenIt() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        ana.register(awake("a"));

        ana.answer(ana.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
        assertThat(history().get(0)).isEqualTo(LlmEvent.Type.TYPE_WOKE);
    }

    @Test
    void aWakeGoesOnWhenItsAgentHasANewStreamBeforeTheOldOneWasMissed() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        Wake wake = wake(1);
        ScriptedAgent next = server.agent("ana").sameAs(ana);

        next.register(asleep("a"));

        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(next.wakes()).containsExactly(wake); // in case its process is new: a second one joins the first
        next.awake(wake);
        next.answer(next.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
    }

    @Test
    void nothingIsSaidToTheAgentBeforeTheWakeIsOnDisk() {
        ana.register(asleep("a"));
        server.stores().away();

        InferProbe infer = server.infer("a");
        Probe<WakeProgress> byHand = server.wake("a");

        assertThat(infer.reason()).isEqualTo("STORE_UNAVAILABLE");
        assertThat(infer.retryAfter()).isNotNull();
        assertThat(byHand.reason()).isEqualTo("STORE_UNAVAILABLE");
        assertThat(ana.wakes()).isEmpty();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        server.stores().back();
        server.advance(infer.retryAfter());
        InferProbe next = server.infer("a");
        ana.awake(wake(1));
        ana.answer(ana.infers().get(0), "now");
        assertThat(next.text()).isEqualTo("now");
    }
}
