package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.server.fleet.LlmName;
import dormouse.v1.Infer;
import dormouse.v1.InferEvent;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Phase;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** protocol.md, failure list, 14: the queue before an Llm: its bound, its order, and what moves those who wait in it. */
class QueueTest {
    private static final LlmName QWEN3 = new LlmName("qwen3");

    private final Harness server = Harness.start("limits.queuePerLlm=3");
    private final ScriptedAgent agent = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private static LlmOffer offer(int concurrency, LlmStatus status) {
        return ScriptedAgent.offer(
                LlmSpec.newBuilder()
                        .setName("qwen3")
                        .setConcurrency(concurrency)
                        .setWakeable(true),
                status);
    }

    private void publish(int concurrency) {
        agent.register(offer(concurrency, LlmStatus.LLM_STATUS_ACTIVE));
    }

    private List<InferProbe> infers(int count) {
        List<InferProbe> infers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            infers.add(server.infer("qwen3", "{\"n\":" + i + "}"));
        }
        return infers;
    }

    private static int position(InferProbe infer) {
        return infer.events().stream()
                .filter(InferEvent::hasPhase)
                .map(InferEvent::getPhase)
                .filter(phase -> phase.getKind() == Phase.Kind.KIND_QUEUED)
                .mapToInt(Phase::getPosition)
                .findFirst()
                .orElse(0);
    }

    private void notAwake(Infer task) {
        agent.end(task, 0, Problems.status(Status.Code.UNAVAILABLE, "NOT_AWAKE", "has been put to sleep"));
    }

    @Test
    void itIsBoundedAndWhatDoesNotFitIsToldToTryLater() {
        publish(2);
        List<InferProbe> infers = infers(6);

        assertThat(agent.infers()).hasSize(2);
        assertThat(infers.subList(0, 5)).noneMatch(InferProbe::over);
        assertThat(infers.get(5).reason()).isEqualTo("QUEUE_FULL");
        assertThat(infers.get(5).code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(infers.get(5).retryAfter()).isNotNull().isPositive();
        assertThat(infers.get(5).phases()).isEmpty();

        agent.answer(agent.infers().get(0), "done");
        assertThat(server.infer("qwen3").over()).as("there is a place again").isFalse();
    }

    @Test
    void eachIsToldItsPositionAndGoesInOrderOfArrival() {
        publish(1);
        List<InferProbe> infers = infers(4);
        assertThat(infers).extracting(QueueTest::position).containsExactly(0, 1, 2, 3);
        assertThat(infers.get(0).phases()).containsExactly(Phase.Kind.KIND_DISPATCHED);

        for (int i = 0; i < 4; i++) {
            Infer task = agent.infers().get(i);
            assertThat(agent.input(task).toStringUtf8()).isEqualTo("{\"n\":" + i + "}");
            agent.answer(task, "answer " + i);
            assertThat(infers.get(i).text()).isEqualTo("answer " + i);
        }
        assertThat(infers.get(3).phases()).containsExactly(Phase.Kind.KIND_QUEUED, Phase.Kind.KIND_DISPATCHED);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void thoseThatWaitedForAWakeDoNotCountAgainstItsBound() {
        agent.register(offer(1, LlmStatus.LLM_STATUS_HIBERNATING));
        List<InferProbe> woken = infers(20);
        agent.awake(agent.wakes().get(0));
        assertThat(woken).noneMatch(InferProbe::over);
        assertThat(server.relay().queued(QWEN3)).isEqualTo(19);

        List<InferProbe> later = infers(4);
        assertThat(later.subList(0, 3)).noneMatch(InferProbe::over);
        assertThat(later.get(3).reason()).isEqualTo("QUEUE_FULL");

        for (int i = 0; i < 23; i++) {
            agent.answer(agent.infers().get(i), "answer");
        }
        assertThat(woken).allMatch(InferProbe::completed);
        assertThat(later.subList(0, 3)).allMatch(InferProbe::completed);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void aLaterRegisterWithMoreRoomMovesItOn() {
        publish(1);
        infers(4);
        assertThat(agent.infers()).hasSize(1);
        publish(3);
        assertThat(agent.infers()).hasSize(3);
    }

    @Test
    void aLaterRegisterWithLessRoomEndsNothingAndHoldsTheRest() {
        publish(3);
        List<InferProbe> infers = infers(5);
        assertThat(agent.infers()).hasSize(3);
        publish(1);
        agent.answer(agent.infers().get(0), "one");
        agent.answer(agent.infers().get(1), "two");
        assertThat(agent.infers()).as("one runs, and that is all it may").hasSize(3);
        agent.answer(agent.infers().get(2), "three");
        assertThat(agent.infers()).hasSize(4);
        assertThat(infers.subList(0, 3)).allMatch(InferProbe::completed);
    }

    @Test
    void withdrawnTheRunningFinishAndTheQueuedFail() {
        publish(1);
        List<InferProbe> infers = infers(3);
        agent.register();

        for (InferProbe queued : infers.subList(1, 3)) {
            assertThat(queued.reason()).isEqualTo("LLM_INACTIVE");
            assertThat(queued.code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(queued.retryAfter()).isNotNull();
        }
        agent.answer(agent.infers().get(0), "to the end");
        assertThat(infers.get(0).text()).isEqualTo("to the end");
        assertThat(infers.get(0).completed()).isTrue();
        assertThat(agent.infers()).hasSize(1);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void aBackendThatDiesFailsTheQueuedWhereItCannotBeWoken() {
        publish(1);
        List<InferProbe> infers = infers(2);
        agent.heartbeat("qwen3", LlmStatus.LLM_STATUS_INACTIVE);

        assertThat(infers.get(1).reason()).isEqualTo("LLM_INACTIVE");
        assertThat(infers.get(0).over()).isFalse();
    }

    @Test
    void whatFallsAsleepIsWokenForTheQueued() {
        publish(1);
        List<InferProbe> infers = infers(3);
        agent.heartbeat("qwen3", LlmStatus.LLM_STATUS_HIBERNATING);

        assertThat(agent.wakes()).hasSize(1);
        assertThat(infers.get(1).phases()).containsExactly(Phase.Kind.KIND_QUEUED, Phase.Kind.KIND_WAKING);
        agent.answer(agent.infers().get(0), "one");
        agent.awake(agent.wakes().get(0));
        agent.answer(agent.infers().get(1), "two");
        agent.answer(agent.infers().get(2), "three");
        assertThat(infers.get(1).text()).isEqualTo("two");
        assertThat(infers.get(2).text()).isEqualTo("three");
        assertThat(agent.wakes()).hasSize(1);
    }

    @Test
    void theLossOfTheAgentFailsAllOfThem() {
        publish(1);
        List<InferProbe> infers = infers(3);
        agent.cut();
        assertThat(infers).noneMatch(InferProbe::over);
        server.advance(Duration.ofSeconds(10));

        assertThat(infers.get(0).reason()).isEqualTo("AGENT_LOST");
        assertThat(infers.get(0).retryAfter()).as("before the first byte").isNotNull();
        assertThat(infers.subList(1, 3)).allMatch(InferProbe::over);
        assertThat(infers.subList(1, 3)).allMatch(probe -> probe.code() == Status.Code.UNAVAILABLE);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        assertThat(server.relay().running(QWEN3)).isZero();
    }

    @Test
    void afterTheFirstByteALossIsNotToBeTriedAgain() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, "begun");
        agent.cut();
        server.advance(Duration.ofSeconds(10));

        assertThat(infer.text()).isEqualTo("begun");
        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(infer.retryAfter()).isNull();
    }

    @Test
    void aBackendFoundAsleepIsWokenAndTheTaskSentAgain() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        notAwake(agent.infers().get(0)); // its heartbeat has not said so
        assertThat(agent.wakes()).hasSize(1);
        assertThat(infer.over()).isFalse();

        agent.awake(agent.wakes().get(0));
        assertThat(agent.infers()).hasSize(2);
        agent.answer(agent.infers().get(1), "awake after all");
        assertThat(infer.text()).isEqualTo("awake after all");
        assertThat(infer.phases())
                .containsExactly(Phase.Kind.KIND_DISPATCHED, Phase.Kind.KIND_WAKING, Phase.Kind.KIND_DISPATCHED);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void aBackendFoundAsleepIsWokenOnceHoweverManyFindItSoAndHoweverSlowTheDatabaseIs() {
        publish(2);
        List<InferProbe> infers = infers(4);
        server.lane().hold();
        agent.heartbeat("qwen3", LlmStatus.LLM_STATUS_HIBERNATING);
        notAwake(agent.infers().get(0));
        notAwake(agent.infers().get(1));
        notAwake(agent.infers().get(2));
        notAwake(agent.infers().get(3));
        server.lane().letGo();
        assertThat(agent.wakes()).hasSize(1);
        assertThat(infers).noneMatch(InferProbe::over);

        agent.awake(agent.wakes().get(0));
        for (int i = 4; i < 8; i++) {
            agent.answer(agent.infers().get(i), "awake");
        }
        assertThat(infers).allMatch(InferProbe::completed);
        assertThat(agent.wakes()).hasSize(1);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        assertThat(server.relay().running(QWEN3)).isZero();
    }

    @Test
    void oneThatFallsAsleepEachTimeIsGivenUp() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        for (int i = 0; i < 3; i++) {
            assertThat(infer.over()).isFalse();
            notAwake(agent.infers().get(i));
            if (i < 2) {
                agent.awake(agent.wakes().get(i));
            }
        }
        assertThat(infer.reason()).isEqualTo("WAKE_FAILED");
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        assertThat(server.relay().running(QWEN3)).isZero();
    }

    @Test
    void aClientThatLeavesWhileItsTaskIsPlacedAnewLeavesNothing() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        server.lane().hold();
        notAwake(agent.infers().get(0));
        infer.cancel();
        server.lane().letGo();

        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        assertThat(server.relay().running(QWEN3)).isZero();
        assertThat(agent.wakes()).isEmpty();
        server.advance(Duration.ofMinutes(1));
    }

    @Test
    void notAwakeAfterBytesWereSentIsAFailure() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, "begun");
        agent.end(task, 5, Problems.status(Status.Code.UNAVAILABLE, "NOT_AWAKE", "has been put to sleep"));

        assertThat(infer.text()).isEqualTo("begun");
        assertThat(infer.reason()).isEqualTo("BACKEND_FAILED");
        assertThat(infer.retryAfter()).isNull();
        assertThat(agent.infers()).hasSize(1);
    }

    @Test
    void aDrainRefusesThoseThatWaitAndLetsTheRunningFinish() {
        publish(1);
        List<InferProbe> infers = infers(3);
        server.relay().drain();

        assertThat(infers.subList(1, 3)).allMatch(probe -> probe.reason().equals("REPLICA_DRAINING"));
        assertThat(server.infer("qwen3").reason()).isEqualTo("REPLICA_DRAINING");
        agent.answer(agent.infers().get(0), "to the end");
        assertThat(infers.get(0).text()).isEqualTo("to the end");
    }
}
