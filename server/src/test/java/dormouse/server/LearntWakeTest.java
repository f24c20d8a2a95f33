package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Times;
import dormouse.v1.AgentMessage;
import dormouse.v1.Deadlines;
import dormouse.v1.InferEvent;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.LlmStatus;
import dormouse.v1.Phase;
import dormouse.v1.Wake;
import dormouse.v1.WakeResult;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How long wakes take is learnt, kept, told to those who wait, and to those who can't when to come back. */
class LearntWakeTest {
    private static final Duration FLUSHED = Duration.ofSeconds(16);

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

    private static Deadlines.Builder wakeWithin(long seconds) {
        return Deadlines.newBuilder().setWake(Times.duration(Duration.ofSeconds(seconds)));
    }

    private Wake lastWake() {
        List<Wake> wakes = ana.wakes();
        return wakes.get(wakes.size() - 1);
    }

    private void sleeps() {
        ana.heartbeat("a", LlmStatus.LLM_STATUS_HIBERNATING);
    }

    /** A wake of so many seconds, after which it sleeps again. */
    private void wakes(long... seconds) {
        for (long took : seconds) {
            InferProbe infer = server.infer("a");
            server.advance(Duration.ofSeconds(took));
            ana.awake(lastWake());
            ana.answer(ana.infers().get(ana.infers().size() - 1), "hello");
            assertThat(infer.completed()).isTrue();
            sleeps();
        }
    }

    private @Nullable Duration expected() {
        return server.llm("a").hasExpectedWake()
                ? Times.duration(server.llm("a").getExpectedWake())
                : null;
    }

    private static Phase waking(InferProbe infer) {
        return infer.events().stream()
                .filter(InferEvent::hasPhase)
                .map(InferEvent::getPhase)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whoWaitsIsToldWhatToExpectAndHowMuchOfItIsOver() {
        ana.register(asleep("a"));
        assertThat(waking(server.infer("a")).hasExpected()).isFalse();
        server.advance(Duration.ofSeconds(40));
        ana.awake(lastWake());
        sleeps();

        server.infer("a");
        server.advance(Duration.ofSeconds(12));
        Phase phase = waking(server.infer("a"));

        assertThat(Times.duration(phase.getElapsed())).isEqualTo(Duration.ofSeconds(12));
        assertThat(Times.duration(phase.getExpected())).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void aPollerWithALittlePatienceHasItWokenAndIsAnsweredWhenItComesBack() {
        ana.register(asleep("a"));
        wakes(40);

        InferProbe first = server.infer("a", wakeWithin(5));
        assertThat(first.reason()).isEqualTo("WAKE_TOO_SLOW");
        assertThat(first.retryAfter()).isEqualTo(Duration.ofSeconds(40));
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);

        server.advance(Duration.ofSeconds(15));
        InferProbe impatient = server.infer("a", wakeWithin(5));
        assertThat(impatient.reason()).isEqualTo("WAKE_TOO_SLOW");
        assertThat(impatient.retryAfter()).isEqualTo(Duration.ofSeconds(25));
        assertThat(ana.wakes()).as("one wake before, and this one").hasSize(2);

        server.advance(Duration.ofSeconds(25));
        ana.awake(lastWake());
        InferProbe again = server.infer("a", wakeWithin(5));
        ana.answer(ana.infers().get(1), "at last");
        assertThat(again.text()).isEqualTo("at last");
        assertThat(ana.wakes()).hasSize(2);
    }

    @Test
    void itIsNotWokenForOneWhoWillNotWaitWhereWakesThatNobodyWaitsForAreEnded() {
        startWith("wake.whenUnwanted=cancel");
        ana.register(asleep("a"));
        wakes(40);

        assertThat(server.infer("a", wakeWithin(5)).reason()).isEqualTo("WAKE_TOO_SLOW");

        assertThat(ana.wakes()).hasSize(1);
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void pollersDoNotHammerAMachineThatFailsToWake() {
        ana.register(asleep("a"));
        wakes(40);
        server.infer("a", wakeWithin(5));
        ana.wakeFails(lastWake(), "the fan is broken");

        InferProbe cooling = server.infer("a", wakeWithin(5));
        assertThat(cooling.reason()).isEqualTo("WAKE_FAILED");
        assertThat(cooling.retryAfter()).isEqualTo(Duration.ofSeconds(1));
        assertThat(ana.wakes()).hasSize(2);

        server.advance(Duration.ofSeconds(1));
        assertThat(server.infer("a", wakeWithin(5)).reason()).isEqualTo("WAKE_TOO_SLOW");
        assertThat(ana.wakes()).hasSize(3);
    }

    @Test
    void theTotalDeadlineOfARequestCountsAsMuchAsThatOfTheWake() {
        ana.register(asleep("a"));
        wakes(40);

        InferProbe hurried = server.infer("a", wakeWithin(60).setTotal(Times.duration(Duration.ofSeconds(39))));

        assertThat(hurried.reason()).isEqualTo("WAKE_TOO_SLOW");
        assertThat(hurried.retryAfter()).isEqualTo(Duration.ofSeconds(40));
        assertThat(hurried.message()).contains("39000 ms");
    }

    @Test
    void soDoesTheDeadlineOfTheCallItself() {
        ana.register(asleep("a"));
        ana.heartbeat();
        wakes(40);

        InferProbe hurried = new InferProbe(
                InferenceServiceGrpc.newStub(server.channel()).withDeadlineAfter(39, TimeUnit.SECONDS),
                InferRequest.newBuilder().setLlm("a").build(),
                Integer.MAX_VALUE);
        InferProbe patient = new InferProbe(
                InferenceServiceGrpc.newStub(server.channel()).withDeadlineAfter(20, TimeUnit.MINUTES),
                InferRequest.newBuilder().setLlm("a").build(),
                Integer.MAX_VALUE);

        assertThat(hurried.reason()).isEqualTo("WAKE_TOO_SLOW");
        assertThat(patient.over()).isFalse();
    }

    @Test
    void whoseOwnDeadlinePassesDuringAWakeIsToldWhenItShouldBeOver() {
        ana.register(asleep("a"));
        wakes(40);
        server.infer("a");
        server.advance(Duration.ofSeconds(10));
        InferProbe hurried = server.infer("a", wakeWithin(30));
        server.advance(Duration.ofSeconds(29));
        assertThat(hurried.over()).isFalse();
        server.advance(Duration.ofSeconds(1));
        assertThat(hurried.reason()).isEqualTo("WAKE_TIMEOUT");
        assertThat(hurried.retryAfter()).as("it is overdue: any moment").isEqualTo(Duration.ofSeconds(1));

        InferProbe late = server.infer("a", wakeWithin(3));
        server.advance(Duration.ofSeconds(3));
        assertThat(late.reason()).isEqualTo("WAKE_TIMEOUT");
    }

    @Test
    void whereNobodyKnowsHowLongItTakesNobodyIsToldWhenToComeBack() {
        ana.register(asleep("a"));
        InferProbe hurried = server.infer("a", wakeWithin(3));
        server.advance(Duration.ofSeconds(3));
        assertThat(hurried.reason()).isEqualTo("WAKE_TIMEOUT");
        assertThat(hurried.retryAfter()).isNull();
    }

    @Test
    void whoFindsTooManyWaitingIsToldWhenTheWakeShouldBeOver() {
        startWith("limits.waitersPerLlm=1");
        ana.register(asleep("a"));
        server.infer("a");
        assertThat(server.infer("a").retryAfter()).as("unknown").isEqualTo(Duration.ofSeconds(5));
        server.advance(Duration.ofSeconds(40));
        ana.awake(lastWake());
        sleeps();

        server.infer("a");
        server.advance(Duration.ofSeconds(12));
        InferProbe full = server.infer("a");

        assertThat(full.reason()).isEqualTo("QUEUE_FULL");
        assertThat(full.retryAfter()).isEqualTo(Duration.ofSeconds(28));
    }

    @Test
    void oneFreakIsNotExpectedAgain() {
        ana.register(asleep("a"));
        wakes(40, 42, 41);
        assertThat(expected()).isEqualTo(Duration.ofSeconds(42));
        wakes(65);
        assertThat(expected()).isEqualTo(Duration.ofSeconds(42));
    }

    @Test
    void aBackendThatWasFoundAwakeTeachesNothingHoweverLateTheAgentSaysSo() {
        ana.register(asleep("a"));
        wakes(40);
        server.infer("a");
        server.advance(Duration.ofSeconds(2));
        ana.send(AgentMessage.newBuilder()
                .setWakeResult(WakeResult.newBuilder()
                        .setTaskId(lastWake().getTaskId())
                        .setTook(Times.duration(Duration.ofMillis(12)))));
        sleeps();
        wakes(0);
        assertThat(expected()).isEqualTo(Duration.ofSeconds(40));
        wakes(50);
        assertThat(expected()).isEqualTo(Duration.ofSeconds(50));
    }

    @Test
    void aWakeThatFailsOrTimesOutTeachesNothing() {
        ana.register(asleep("a"));
        wakes(40);
        server.infer("a");
        server.advance(Duration.ofSeconds(50));
        ana.wakeFails(lastWake(), "no");
        server.advance(Duration.ofSeconds(1));
        server.infer("a");
        server.advance(Duration.ofSeconds(70));
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(expected()).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void aServerThatIsRestartedKnowsItStill() {
        ana.register(asleep("a"));
        wakes(40);

        server.restart();
        server.reconnect(ana).register(asleep("a"));

        assertThat(expected()).isEqualTo(Duration.ofSeconds(40));
        assertThat(server.infer("a", wakeWithin(5)).retryAfter()).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void aServerThatIsKilledKnowsWhatItHadWrittenDown() {
        ana.register(asleep("a"));
        wakes(40);
        server.advance(FLUSHED);
        wakes(60);

        server.kill();
        server.reconnect(ana).register(asleep("a"));

        assertThat(expected()).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void aDatabaseThatIsAwayGetsItWhenItIsBack() {
        ana.register(asleep("a"));
        wakes(40);
        server.stores().away();
        server.advance(FLUSHED);
        assertThat(expected()).isEqualTo(Duration.ofSeconds(40));
        server.stores().back();
        server.advance(FLUSHED);

        server.kill();
        server.reconnect(ana).register(asleep("a"));

        assertThat(expected()).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void itIsWrittenInBatchesAndOnlyWhereItIsNew() {
        ana.register(asleep("a"));
        wakes(40);
        server.advance(FLUSHED);
        ana.heartbeat();
        server.advance(FLUSHED);
        int calls = server.stores().calls();
        server.advance(FLUSHED);
        assertThat(server.stores().calls()).isEqualTo(calls);
    }

    @Test
    void anotherOwnersMachineIsAnotherMachine() {
        ana.register(asleep("a"));
        wakes(40);
        server.advance(FLUSHED);
        ana.goodbye();
        ScriptedAgent bob = server.agent("bob");
        bob.register(asleep("a"));
        assertThat(expected()).isNull();

        server.kill(); // before that is written down
        server.reconnect(bob).register(asleep("a"));
        assertThat(expected()).isNull();
    }

    @Test
    void anLlmThatIsDeletedIsForgotten() {
        ana.register(asleep("a"));
        wakes(40);
        ana.cut();
        server.advance(Duration.ofHours(5));
        assertThat(server.server().fleet().all()).isEmpty();

        server.kill();
        server.reconnect(ana).register(asleep("a"));
        assertThat(expected()).isNull();
    }
}
