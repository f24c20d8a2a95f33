package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.sleepable;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.control.Sleeps;
import dormouse.v1.Infer;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmStatus;
import dormouse.v1.Phase;
import dormouse.v1.Sleep;
import dormouse.v1.WakeProgress;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An Llm is put to sleep: by hand through the server, or by its agent alone; and a task that meets it is not lost. */
class SleepTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private Sleep sleep(int number) {
        assertThat(ana.sleeps()).hasSize(number);
        return ana.sleeps().get(number - 1);
    }

    private Infer infer(int number) {
        assertThat(ana.infers()).hasSize(number);
        return ana.infers().get(number - 1);
    }

    private LlmStatus status() {
        return server.llm("a").getStatus();
    }

    private List<LlmEvent.Type> history() {
        List<LlmEvent.Type> types = new ArrayList<>();
        server.llms()
                .listLlmEvents(ListLlmEventsRequest.newBuilder().setName("a").build())
                .getEventsList()
                .forEach(event -> types.add(event.getType()));
        Collections.reverse(types);
        return types;
    }

    @Test
    void aSleepByHandReturnsTheLlmWhenTheRecipeHasRun() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        assertThat(sleep(1).getLlm()).isEqualTo("a");
        assertThat(byHand.open()).isTrue();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);

        ana.reportRested("a");
        assertThat(byHand.open()).as("the recipe still runs").isTrue();
        ana.rested(sleep(1));

        assertThat(byHand.completed()).isTrue();
        assertThat(byHand.heard()).hasSize(1);
        assertThat(byHand.heard().get(0).getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(byHand.heard().get(0).getStatusReason()).isEqualTo("put to sleep");
        assertThat(history()).containsExactly(LlmEvent.Type.TYPE_REGISTERED, LlmEvent.Type.TYPE_SLEPT);
    }

    @Test
    void anAgentThatSaysNothingUntilTheEndIsAsGood() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        ana.rested(sleep(1));

        assertThat(byHand.heard().get(0).getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(history()).containsExactly(LlmEvent.Type.TYPE_REGISTERED, LlmEvent.Type.TYPE_SLEPT);
    }

    @Test
    void whatItsAgentPutsToSleepByItselfHasSleptAndIsNotDown() {
        ana.register(sleepable("a"));
        ana.reportRested("a");

        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(history()).containsExactly(LlmEvent.Type.TYPE_REGISTERED, LlmEvent.Type.TYPE_SLEPT);
    }

    @Test
    void whoComesLaterJoins() {
        ana.register(sleepable("a"));
        List<Probe<Llm>> byHand = new ArrayList<>(List.of(server.sleep("a"), server.sleep("a")));
        ana.reportRested("a");
        byHand.add(server.sleep("a"));
        byHand.get(0).cancel();
        ana.rested(sleep(1));

        assertThat(byHand.subList(1, 3)).allMatch(Probe::completed);
    }

    @Test
    void whatSleepsAlreadyIsReturnedAtOnce() {
        ana.register(asleep("a"));
        Probe<Llm> byHand = server.sleep("a");

        assertThat(byHand.heard().get(0).getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(ana.sleeps()).isEmpty();
    }

    @Test
    void whatCannotBePutToSleepIsRefused() {
        ana.register(awake("b"), sleepable("a"));
        assertThat(server.sleep("b").reason()).isEqualTo("SLEEP_REFUSED");
        assertThat(server.sleep("b").code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(server.sleep("nobody").reason()).isEqualTo("LLM_NOT_FOUND");
        assertThat(server.sleep("not a name").reason()).isEqualTo("MALFORMED");
        ana.goodbye();
        assertThat(server.sleep("a").reason()).isEqualTo("LLM_INACTIVE");
        assertThat(ana.sleeps()).isEmpty();
    }

    @Test
    void whatIsBusyOrWokenOrWaitedForIsNotAskedFor() {
        ana.register(sleepable("a"));
        InferProbe running = server.infer("a");
        assertThat(server.sleep("a").reason()).as("a task runs").isEqualTo("SLEEP_REFUSED");

        running.cancel();
        assertThat(server.sleep("a").reason())
                .as("the agent has not ended it yet")
                .isEqualTo("SLEEP_REFUSED");
        ana.end(infer(1), 0);

        ana.reportRested("a");
        Probe<WakeProgress> wake = server.wake("a");
        assertThat(server.sleep("a").reason()).as("it is woken").isEqualTo("SLEEP_REFUSED");
        ana.awake(ana.wakes().get(0));
        assertThat(wake.completed()).isTrue();
        assertThat(ana.sleeps()).isEmpty();

        server.sleep("a");
        assertThat(ana.sleeps()).hasSize(1);
    }

    @Test
    void whatTheAgentRefusesIsRefused() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        ana.sleepFails(sleep(1), "SLEEP_REFUSED", "the Llm is busy: tasks=1");

        assertThat(byHand.reason()).isEqualTo("SLEEP_REFUSED");
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void aRecipeThatFailsIsToldAndTheNextOneTriesAgain() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        ana.reportRested("a");
        ana.sleepFails(sleep(1), "BACKEND_FAILED", "exit code 3");
        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);

        assertThat(byHand.reason()).isEqualTo("BACKEND_FAILED");
        assertThat(byHand.retryAfter()).isNotNull();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        server.sleep("a");
        assertThat(ana.sleeps()).hasSize(2);
    }

    @Test
    void aWordThatAgentsMayNotUseIsAFailureOfTheBackend() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        ana.sleepFails(sleep(1), "UNAUTHENTICATED", "I say so");

        assertThat(byHand.reason()).isEqualTo("BACKEND_FAILED");
    }

    @Test
    void anAgentThatDiesInTheMiddleIsLostAndOneThatLeavesIsAway() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        ana.cut();
        server.advance(Duration.ofSeconds(10));
        assertThat(byHand.reason()).isEqualTo("AGENT_LOST");

        server.reconnect(ana).register(sleepable("a"));
        Probe<Llm> again = server.sleep("a");
        ana.goodbye();
        assertThat(again.reason()).isEqualTo("LLM_INACTIVE");
    }

    @Test
    void anAgentThatSaysNothingHasItsTimeAndWhatItSaysThenIsDropped() {
        try (Harness patient = Harness.start(
                "lifecycle.heartbeatTimeout=2d", "lifecycle.heartbeatInterval=1d", "lifecycle.sweepInterval=1d")) {
            ScriptedAgent bea = patient.agent("bea");
            bea.register(sleepable("a"));
            Probe<Llm> byHand = patient.sleep("a");
            patient.advance(Sleeps.PATIENCE.minusMillis(1));
            assertThat(byHand.open()).isTrue();
            patient.advance(Duration.ofMillis(1));
            assertThat(byHand.reason()).isEqualTo("DEADLINE");

            bea.rested(bea.sleeps().get(0));
            assertThat(patient.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        }
    }

    @Test
    void aNewStreamIsAskedAgainAndTheOldOneIsNotHeard() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        Sleep asked = sleep(1);
        ScriptedAgent newer = server.agent("ana").sameAs(ana);
        newer.register(sleepable("a"));
        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");

        assertThat(newer.sleeps()).containsExactly(asked);
        assertThat(byHand.open()).isTrue();
        newer.rested(asked);
        assertThat(byHand.completed()).isTrue();
    }

    @Test
    void aTaskThatMeetsASleepWaitsForItsEndAndWakes() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        InferProbe infer = server.infer("a");
        ana.notAwake(infer(1));

        assertThat(ana.wakes()).hasSize(1);
        assertThat(byHand.open()).as("the recipe still runs").isTrue();
        ana.rested(sleep(1));
        assertThat(byHand.completed()).isTrue();
        assertThat(byHand.heard().get(0).getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);

        assertThat(server.sleep("a").reason()).as("a task waits for it").isEqualTo("SLEEP_REFUSED");
        ana.awake(ana.wakes().get(0));
        assertThat(server.sleep("a").reason()).as("a task runs on it").isEqualTo("SLEEP_REFUSED");
        ana.answer(infer(2), "hello");
        assertThat(infer.text()).isEqualTo("hello");
        assertThat(infer.phases())
                .containsExactly(Phase.Kind.KIND_DISPATCHED, Phase.Kind.KIND_WAKING, Phase.Kind.KIND_DISPATCHED);
        assertThat(history())
                .containsExactly(
                        LlmEvent.Type.TYPE_REGISTERED,
                        LlmEvent.Type.TYPE_SLEPT,
                        LlmEvent.Type.TYPE_WAKE_STARTED,
                        LlmEvent.Type.TYPE_WOKE);
    }

    @Test
    void aTaskThatComesWhileTheRecipeRunsWakesItWithoutAskingFirst() {
        ana.register(sleepable("a"));
        server.sleep("a");
        ana.reportRested("a");
        InferProbe infer = server.infer("a");
        assertThat(ana.infers()).isEmpty();
        assertThat(ana.wakes()).hasSize(1);

        ana.rested(sleep(1));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        ana.awake(ana.wakes().get(0));
        ana.answer(infer(1), "hello");
        assertThat(infer.text()).isEqualTo("hello");
    }

    @Test
    void aTaskIsPlacedAnewWhereItsLlmHasBeenWokenSinceTheAgentRefusedIt() {
        ana.register(sleepable("a"));
        InferProbe first = server.infer("a");
        InferProbe second = server.infer("a");
        server.lane().hold();
        ana.notAwake(infer(2));
        server.lane().letGo();
        ana.awake(ana.wakes().get(0));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);

        ana.notAwake(ana.infers().get(0)); // said before the wake, heard after it

        assertThat(status()).as("it is awake").isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(ana.wakes()).hasSize(1);
        ana.answer(ana.infers().get(2), "two");
        ana.answer(ana.infers().get(3), "one");
        assertThat(second.text()).isEqualTo("two");
        assertThat(first.text()).isEqualTo("one");
    }

    @Test
    void anOlderReportThatStillWaitsIsOvertakenByTheLatest() {
        ana.register(sleepable("a"));
        server.lane().hold();
        ana.reportRested("a");
        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);
        server.lane().letGo();

        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(history()).containsExactly(LlmEvent.Type.TYPE_REGISTERED);
    }

    @Test
    void aSleepThatTheDatabaseHasMissedIsWrittenDownBeforeItIsTold() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        server.stores().away();
        ana.rested(sleep(1));
        server.advance(Duration.ofSeconds(3));
        assertThat(byHand.open()).isTrue();

        server.stores().back();
        server.advance(Duration.ofSeconds(2));
        assertThat(byHand.heard().get(0).getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(history()).containsExactly(LlmEvent.Type.TYPE_REGISTERED, LlmEvent.Type.TYPE_SLEPT);
    }

    @Test
    void aSleepWhoseCommitLostItsReplyIsToldOnce() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        server.stores().loseTheNextReply();
        ana.rested(sleep(1));
        server.advance(Duration.ofSeconds(2));

        assertThat(byHand.heard().get(0).getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(history()).containsExactly(LlmEvent.Type.TYPE_REGISTERED, LlmEvent.Type.TYPE_SLEPT);
    }
}
