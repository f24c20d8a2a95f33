package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.v1.AgentMessage;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Wake;
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

/** Rules 8 and 9: one wake however many wait, and how it ends for them. Failure list: 11. */
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
    void aWakeThatSaysNothingTimesOutTenSecondsBehindItsAgentsOwnLimit() {
        ana.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("a").setWakeable(true).setMaxWait(Times.duration(Duration.ofSeconds(20))),
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
