package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.v1.AgentMessage;
import dormouse.v1.Deadlines;
import dormouse.v1.InferRequest;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Wake;
import dormouse.v1.WakeProgress;
import dormouse.v1.WakeResult;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules 8 to 10: one wake however many wait, and what becomes of those who do. Failure list: 11. */
class WakeTest {
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

    private void wakeFailsWith(Wake wake, String reason) {
        ana.send(AgentMessage.newBuilder()
                .setWakeResult(WakeResult.newBuilder()
                        .setTaskId(wake.getTaskId())
                        .setError(Problems.status(Status.Code.UNAVAILABLE, reason, "so says the agent"))));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000})
    void howeverManyWaitThereIsOneWakeAndAllProceed(int waiters) {
        startWith("limits.queuePerLlm=0");
        ana.register(asleep("a"));
        List<InferProbe> infers =
                IntStream.range(0, waiters).mapToObj(i -> server.infer("a")).toList();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(server.llm("a").getQueuedTasks()).isZero();

        ana.awake(wake(1));
        for (int i = 0; i < waiters; i++) {
            ana.answer(ana.infers().get(i), "yes");
        }

        assertThat(infers).allMatch(InferProbe::completed);
        assertThat(ana.wakes()).hasSize(1);
        assertThat(history())
                .containsExactly(
                        LlmEvent.Type.TYPE_WOKE, LlmEvent.Type.TYPE_WAKE_STARTED, LlmEvent.Type.TYPE_REGISTERED);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000})
    void aFailureIsToldToAllAndTheRowHibernates(int waiters) {
        ana.register(asleep("a"));
        List<InferProbe> infers =
                IntStream.range(0, waiters).mapToObj(i -> server.infer("a")).toList();

        ana.wakeFails(wake(1), "the fan is broken");

        assertThat(infers).allSatisfy(infer -> {
            assertThat(infer.reason()).isEqualTo("WAKE_FAILED");
            assertThat(infer.code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(infer.retryAfter()).isEqualTo(Duration.ofSeconds(1));
        });
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(server.llm("a").getStatusReason()).contains("the fan is broken");
        assertThat(ana.wakes()).hasSize(1);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void theCoolDownDoublesUpToAMinuteAndWhatItRefusesDoesNotCount() {
        ana.register(asleep("a"));
        int wakes = 0;
        for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
            InferProbe tries = server.infer("a");
            ana.wakeFails(wake(++wakes), "no");
            assertThat(tries.retryAfter()).isEqualTo(Duration.ofSeconds(seconds));

            for (int i = 0; i < 3; i++) {
                assertThat(server.infer("a").reason()).isEqualTo("WAKE_FAILED");
            }
            server.advance(Duration.ofSeconds(seconds).minusMillis(200));
            ana.heartbeat();
            InferProbe early = server.infer("a");
            assertThat(early.reason()).isEqualTo("WAKE_FAILED");
            assertThat(early.retryAfter()).isEqualTo(Duration.ofMillis(200));
            assertThat(ana.wakes()).hasSize(wakes);
            server.advance(Duration.ofMillis(200));
        }
        InferProbe again = server.infer("a");
        ana.awake(wake(++wakes));
        ana.answer(ana.infers().get(0), "at last");
        assertThat(again.text()).isEqualTo("at last");

        ana.heartbeat("a", LlmStatus.LLM_STATUS_HIBERNATING);
        server.infer("a");
        ana.wakeFails(wake(++wakes), "no");
        assertThat(server.infer("a").retryAfter()).isEqualTo(Duration.ofSeconds(1));
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
    void aWakeThatSaysNothingTimesOutTenSecondsBehindItsAgentsOwnLimit() {
        ana.register(ScriptedAgent.offer(
                LlmSpec.newBuilder()
                        .setName("a")
                        .setWakeable(true)
                        .setMaxWait(Times.duration(Duration.ofSeconds(20))),
                LlmStatus.LLM_STATUS_HIBERNATING));
        InferProbe first = server.infer("a");
        InferProbe second = server.infer("a");
        String task = wake(1).getTaskId();

        server.advance(Duration.ofMillis(29_999));
        assertThat(first.over()).isFalse();
        server.advance(Duration.ofMillis(1));

        for (InferProbe infer : List.of(first, second)) {
            assertThat(infer.reason()).isEqualTo("WAKE_TIMEOUT");
            assertThat(infer.code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
            assertThat(infer.retryAfter()).isEqualTo(Duration.ofSeconds(1));
        }
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(ana.cancelled()).containsExactly(task);
        assertThat(server.infer("a").reason()).isEqualTo("WAKE_FAILED");
    }

    @Test
    void aTimeOutThatTheAgentReportsIsPassedOnAndNeedsNoCancel() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        wakeFailsWith(wake(1), "WAKE_TIMEOUT");

        assertThat(infer.reason()).isEqualTo("WAKE_TIMEOUT");
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(ana.cancelled()).isEmpty();
    }

    @Test
    void aRefusalByThePublishersPolicyIsPassedOn() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        wakeFailsWith(wake(1), "WAKE_REFUSED");

        assertThat(infer.reason()).isEqualTo("WAKE_REFUSED");
        assertThat(infer.retryAfter()).isNotNull();
    }

    @Test
    void anAgentCannotFailAWakeInWordsThatAreNotAWakes() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        wakeFailsWith(wake(1), "UNAUTHENTICATED");

        assertThat(infer.reason()).isEqualTo("WAKE_FAILED");
    }

    @Test
    void anAgentThatDiesAmidAWakeFailsAllWhoWait() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        Probe<WakeProgress> byHand = server.wake("a");

        ana.cut();

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
                LlmSpec.newBuilder()
                        .setName("a")
                        .setWakeable(true)
                        .setMaxWait(Times.duration(Duration.ofMinutes(10))),
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
    void moreWaitersThanTheOperatorAllowsAreRefused() {
        startWith("limits.waitersPerLlm=2");
        ana.register(asleep("a"));
        InferProbe one = server.infer("a");
        InferProbe two = server.infer("a");

        InferProbe three = server.infer("a");

        assertThat(three.reason()).isEqualTo("QUEUE_FULL");
        assertThat(three.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(one.over() || two.over()).isFalse();
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
        ScriptedAgent next = server.agent("ana").session(ana.session(), ana.token());

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
        InferProbe next = server.infer("a");
        ana.awake(wake(1));
        ana.answer(ana.infers().get(0), "now");
        assertThat(next.text()).isEqualTo("now");
    }

    @Test
    void aWakeByHandSaysHowItGoesAndEndsWhenTheLlmIsAwake() {
        ana.register(asleep("a"));
        Probe<WakeProgress> byHand = server.wake("a");
        server.advance(Duration.ofSeconds(3));
        assertThat(byHand.heard()).hasSizeBetween(3, 4).allSatisfy(progress -> assertThat(
                        progress.getLlm().getStatus())
                .isEqualTo(LlmStatus.LLM_STATUS_WAKING));

        ana.awake(wake(1));

        assertThat(byHand.completed()).isTrue();
        List<WakeProgress> heard = byHand.heard();
        WakeProgress last = heard.get(heard.size() - 1);
        assertThat(last.getLlm().getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(Times.duration(last.getElapsed())).isEqualTo(Duration.ofSeconds(3));
        assertThat(Times.duration(last.getLlm().getExpectedWake())).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void aWakeByHandJoinsTheWakeUnderWayAndSaysSinceWhenItIs() {
        ana.register(asleep("a"));
        server.infer("a");
        server.advance(Duration.ofSeconds(7));

        Probe<WakeProgress> byHand = server.wake("a");

        assertThat(ana.wakes()).hasSize(1);
        assertThat(Times.duration(byHand.heard().get(0).getElapsed())).isEqualTo(Duration.ofSeconds(7));
        ana.awake(wake(1));
        assertThat(byHand.completed()).isTrue();
    }

    @Test
    void aWakeByHandIgnoresTheCoolDownAndTakesTheOthersAlong() {
        ana.register(asleep("a"));
        server.infer("a");
        ana.wakeFails(wake(1), "no");
        assertThat(server.infer("a").reason()).isEqualTo("WAKE_FAILED");

        Probe<WakeProgress> byHand = server.wake("a");
        InferProbe infer = server.infer("a");

        ana.awake(wake(2));
        assertThat(byHand.completed()).isTrue();
        ana.answer(ana.infers().get(0), "along");
        assertThat(infer.text()).isEqualTo("along");
    }

    @Test
    void aWakeByHandThatFailsSaysWhy() {
        ana.register(asleep("a"));
        Probe<WakeProgress> byHand = server.wake("a");

        wakeFailsWith(wake(1), "WAKE_REFUSED");

        assertThat(byHand.reason()).isEqualTo("WAKE_REFUSED");
    }

    @Test
    void aWakeByHandOfWhatIsAwakeEndsAtOnce() {
        ana.register(awake("a"));

        Probe<WakeProgress> byHand = server.wake("a");

        assertThat(byHand.completed()).isTrue();
        assertThat(byHand.heard()).hasSize(1);
        assertThat(ana.wakes()).isEmpty();
    }

    @Test
    void aWakeByHandOfWhatIsInactiveUnknownOrNoNameIsRefused() {
        ana.register(awake("a"));
        ana.goodbye();

        assertThat(server.wake("a").reason()).isEqualTo("LLM_INACTIVE");
        assertThat(server.wake("nobody").reason()).isEqualTo("LLM_NOT_FOUND");
        assertThat(server.wake("not a name").reason()).isEqualTo("MALFORMED");
        assertThat(server.wake("").reason()).isEqualTo("MALFORMED");
    }

    @Test
    void aPersonWhoLeavesDoesNotEndTheWakeForAnInfer() {
        startWith("wake.whenUnwanted=cancel");
        ana.register(asleep("a"));
        Probe<WakeProgress> byHand = server.wake("a");
        InferProbe infer = server.infer("a");

        byHand.cancel();
        server.advance(Duration.ofSeconds(3));

        assertThat(ana.cancelled()).isEmpty();
        ana.awake(wake(1));
        ana.answer(ana.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
    }

    @Test
    void howLongAWakeTakesIsLearnt() {
        ana.register(asleep("a"));
        assertThat(server.llm("a").hasExpectedWake()).isFalse();
        server.infer("a").cancel();
        server.advance(Duration.ofSeconds(12));
        ana.awake(wake(1));

        Llm learnt = server.llm("a");

        assertThat(Times.duration(learnt.getExpectedWake())).isEqualTo(Duration.ofSeconds(12));
    }

    @Test
    void theWakesOfSeveralLlmsOfOneAgentAreApart() {
        ana.register(asleep("a"), asleep("b"));
        InferProbe a = server.infer("a");
        InferProbe b = server.infer("b");
        Set<String> tasks = ana.wakes().stream().map(Wake::getTaskId).collect(Collectors.toSet());
        assertThat(tasks).hasSize(2);

        ana.wakeFails(ana.wakes().get(0), "no");
        ana.awake(ana.wakes().get(1));

        assertThat(a.reason()).isEqualTo("WAKE_FAILED");
        ana.answer(ana.infers().get(0), "b is up");
        assertThat(b.text()).isEqualTo("b is up");
    }
}
