package dormouse.server;

import static dormouse.server.PoolTest.member;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.server.fleet.LlmName;
import dormouse.v1.Deadlines;
import dormouse.v1.Infer;
import dormouse.v1.InferEvent;
import dormouse.v1.Phase;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A member of a pool that is lost, or fails: before the first byte another one takes its place, one time; after it never. */
class PoolReplacementTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");
    private final ScriptedAgent bob = server.agent("bob");

    @AfterEach
    void close() {
        server.close();
    }

    private void publish(int concurrency) {
        ana.register(member("a", concurrency, true));
        bob.register(member("b", concurrency, true));
    }

    private List<InferProbe> infers(int count) {
        List<InferProbe> infers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            infers.add(server.infer("shared", "{\"n\":" + i + "}"));
        }
        return infers;
    }

    private static void answerAll(ScriptedAgent agent) {
        agent.onInfer(task -> agent.answer(task, "by " + task.getLlm()));
        agent.infers().forEach(task -> agent.answer(task, "by " + task.getLlm()));
    }

    private static void fail(ScriptedAgent agent, Infer task) {
        agent.end(task, 0, Problems.status(Status.Code.UNAVAILABLE, "BACKEND_FAILED", "connection refused"));
    }

    /** The one that has got the first task, then the other. */
    private List<ScriptedAgent> inTurn() {
        return ana.infers().isEmpty() ? List.of(bob, ana) : List.of(ana, bob);
    }

    private void nothingIsLeft() {
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        assertThat(server.relay().lines()).isEmpty();
        for (String name : List.of("a", "b")) {
            assertThat(server.relay().running(new LlmName(name))).isZero();
        }
    }

    @Test
    void aKilledMemberCostsNoClientAnErrorBeforeItsFirstByte() {
        publish(4);
        List<InferProbe> infers = infers(12); // eight run, four wait
        assertThat(ana.infers()).hasSize(4);
        ana.head(ana.infers().get(0), 200, "text/event-stream"); // headers alone are no first byte

        ana.cut();
        assertThat(infers).noneMatch(InferProbe::over);
        answerAll(bob);
        assertThat(infers).allMatch(infer -> infer.text().equals("by b") && infer.completed());
        assertThat(bob.infers()).hasSize(12);
        assertThat(bob.infers())
                .allSatisfy(task -> assertThat(bob.input(task).toStringUtf8())
                        .as("the whole body once more")
                        .startsWith("{\"n\":"));
        nothingIsLeft();
    }

    @Test
    void aBackendThatRefusesOrIsCutOffIsReplacedAtOnce() {
        publish(4);
        InferProbe infer = server.infer("shared");
        ScriptedAgent first = inTurn().get(0);
        ScriptedAgent other = inTurn().get(1);
        fail(first, first.infers().get(0));
        assertThat(infer.phases()).containsExactly(Phase.Kind.KIND_DISPATCHED, Phase.Kind.KIND_DISPATCHED);
        assertThat(infer.events().stream().map(InferEvent::getPhase))
                .extracting(Phase::getLlm)
                .containsExactlyInAnyOrder("a", "b");

        answerAll(other);
        assertThat(infer.completed()).isTrue();
        assertThat(infer.head()).isNotNull();
        nothingIsLeft();
    }

    @Test
    void afterTheFirstByteThereIsNoOther() {
        publish(4);
        InferProbe infer = server.infer("shared");
        ScriptedAgent first = inTurn().get(0);
        ScriptedAgent other = inTurn().get(1);
        Infer task = first.infers().get(0);
        first.head(task, 200, "text/plain");
        first.chunk(task, 0, "begun");
        first.cut();
        server.advance(Duration.ofSeconds(10));
        assertThat(infer.text()).isEqualTo("begun");
        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(infer.retryAfter()).isNull();
        assertThat(other.infers()).isEmpty();
        nothingIsLeft();
    }

    @Test
    void onceIsEnough() {
        ScriptedAgent cleo = server.agent("cleo");
        cleo.register(member("c", 4, true));
        publish(4);
        InferProbe infer = server.infer("shared");
        for (int i = 0; i < 2; i++) {
            for (ScriptedAgent agent : List.of(ana, bob, cleo)) {
                if (agent.infers().size() == 1 && !infer.over()) {
                    fail(agent, agent.infers().get(0));
                }
            }
        }
        assertThat(infer.reason()).isEqualTo("BACKEND_FAILED");
        assertThat(infer.retryAfter()).isNotNull();
        assertThat(ana.infers().size() + bob.infers().size() + cleo.infers().size())
                .isEqualTo(2);
        nothingIsLeft();
    }

    @Test
    void whereThereIsNoOtherTheClientHearsWhatHappened() {
        ana.register(member("a", 4, true));
        InferProbe failed = server.infer("shared");
        fail(ana, ana.infers().get(0));
        assertThat(failed.reason()).isEqualTo("BACKEND_FAILED");

        server.advance(Duration.ofSeconds(1));
        InferProbe lost = server.infer("shared");
        ana.cut();
        assertThat(lost.reason()).isEqualTo("AGENT_LOST");
        nothingIsLeft();
    }

    @Test
    void twoMembersOfOneAgentAreLostTogether() {
        ana.register(member("a", 4, true), member("a2", 4, true));
        bob.register(member("b", 1, true));
        List<InferProbe> infers = infers(5);
        ana.cut();
        assertThat(infers).noneMatch(InferProbe::over);
        answerAll(bob);
        assertThat(infers).allMatch(InferProbe::completed);
        nothingIsLeft();
    }

    @Test
    void aLostMembersTasksGoBeforeThoseThatCameLater() {
        publish(1);
        List<InferProbe> infers = infers(4);
        boolean anaFirst = ana.input(ana.infers().get(0)).toStringUtf8().contains("0");
        InferProbe byAna = infers.get(anaFirst ? 0 : 1);
        ana.cut();
        bob.answer(bob.infers().get(0), "first");
        assertThat(bob.infers()).hasSize(2);
        bob.answer(bob.infers().get(1), "second");
        assertThat(byAna.text()).isEqualTo("second");
    }

    @Test
    void aTaskThatHasLostItsMemberIsNotTurnedAwayAtAFullLine() {
        publish(1);
        List<InferProbe> infers = infers(2 + 128);
        assertThat(server.infer("shared").reason()).isEqualTo("QUEUE_FULL");
        ana.cut();
        assertThat(infers).noneMatch(InferProbe::over);
        answerAll(bob);
        assertThat(infers).allMatch(InferProbe::completed);
    }

    @Test
    void anErrorOfTheBackendsOwnIsAnAnswer() {
        publish(4);
        InferProbe infer = server.infer("shared");
        ScriptedAgent first = inTurn().get(0);
        Infer task = first.infers().get(0);
        first.head(task, 503, "application/json");
        first.chunk(task, 0, "{}");
        first.end(task, 2);
        assertThat(infer.head()).isNotNull();
        assertThat(infer.head().getStatus()).isEqualTo(503);
        assertThat(inTurn().get(1).infers()).isEmpty();
    }

    @Test
    void aFirstByteThatDoesNotComeIsNoLoss() {
        publish(4);
        InferProbe infer = server.infer("shared");
        server.advance(Duration.ofMinutes(5));
        assertThat(infer.reason()).isEqualTo("FIRST_BYTE_TIMEOUT");
        assertThat(ana.infers().size() + bob.infers().size()).isEqualTo(1);
    }

    @Test
    void theTimeForAllOfItRunsOnOverAReplacement() {
        publish(4);
        InferProbe infer = server.infer(
                "shared",
                Deadlines.newBuilder()
                        .setFirstByte(com.google.protobuf.Duration.newBuilder().setSeconds(40))
                        .setTotal(com.google.protobuf.Duration.newBuilder().setSeconds(70)));
        server.advance(Duration.ofSeconds(35));
        ScriptedAgent first = inTurn().get(0);
        ScriptedAgent other = inTurn().get(1);
        fail(first, first.infers().get(0));
        assertThat(other.infers().get(0).getTimeout().getSeconds()).isEqualTo(35);
        server.advance(Duration.ofSeconds(34));
        assertThat(infer.over()).as("the first byte has its time anew").isFalse();
        server.advance(Duration.ofSeconds(1));
        assertThat(infer.reason()).isEqualTo("DEADLINE");
    }

    @Test
    void aLostMemberIsReplacedByOneThatHasToBeWoken() {
        ana.register(member("a", 4, true));
        bob.register(member("b", 4, false));
        InferProbe infer = server.infer("shared");
        ana.cut();
        assertThat(infer.phases()).containsExactly(Phase.Kind.KIND_DISPATCHED, Phase.Kind.KIND_WAKING);
        answerAll(bob);
        bob.awake(bob.wakes().get(0));
        assertThat(infer.text()).isEqualTo("by b");
        nothingIsLeft();
    }

    @Test
    void aMemberThatDiesWhileItWakesIsReplaced() {
        ana.register(member("a", 4, false));
        InferProbe infer = server.infer("shared");
        assertThat(ana.wakes()).hasSize(1);
        bob.register(member("b", 4, false));
        ana.cut();
        assertThat(bob.wakes()).hasSize(1);
        answerAll(bob);
        bob.awake(bob.wakes().get(0));
        assertThat(infer.text()).isEqualTo("by b");
        nothingIsLeft();
    }

    @Test
    void aWakeThatFailsGoesToTheOtherBeforeTheClientHears() {
        ana.register(member("a", 4, false));
        bob.register(member("b", 4, false));
        List<InferProbe> infers = infers(3);
        ScriptedAgent first = ana.wakes().isEmpty() ? bob : ana;
        ScriptedAgent other = first == ana ? bob : ana;
        first.wakeFails(first.wakes().get(0), "no power");
        assertThat(infers).noneMatch(InferProbe::over);
        assertThat(other.wakes()).hasSize(1);

        InferProbe later = server.infer("shared");
        assertThat(first.wakes()).as("it cools down").hasSize(1);
        other.wakeFails(other.wakes().get(0), "no power either");
        infers.add(later);
        assertThat(infers).allMatch(infer -> infer.reason().equals("WAKE_FAILED"));
        assertThat(infers.get(0).message()).contains("no power either");
        InferProbe last = server.infer("shared");
        assertThat(last.reason()).isEqualTo("WAKE_FAILED");
        assertThat(last.retryAfter()).isNotNull().isLessThanOrEqualTo(Duration.ofSeconds(1));
        nothingIsLeft();

        server.advance(Duration.ofSeconds(1));
        assertThat(server.infer("shared").over()).as("it is tried again").isFalse();
    }

    @Test
    void aWakeThatFailsWhileAnotherMemberIsBusyLeavesItsTaskInTheLine() {
        ana.register(member("a", 1, true));
        bob.register(member("b", 4, false));
        List<InferProbe> infers = infers(2);
        bob.wakeFails(bob.wakes().get(0), "no power");
        assertThat(infers.get(1).phases()).containsExactly(Phase.Kind.KIND_WAKING, Phase.Kind.KIND_QUEUED);
        answerAll(ana);
        assertThat(infers).allMatch(InferProbe::completed);
        nothingIsLeft();
    }

    @Test
    void oneThatFailsAtOnceGetsAFewOfAThousandTasks() {
        publish(4);
        ana.onInfer(task -> fail(ana, task));
        bob.onInfer(task -> bob.answer(task, "by b"));
        for (int i = 0; i < 1000; i++) {
            InferProbe infer = server.infer("shared");
            assertThat(infer.completed()).isTrue();
            server.advance(Duration.ofMillis(50));
        }
        // 50 s: at 0, 1, 3, 7, 15 and 31 s, and perhaps one more
        assertThat(ana.infers().size()).isBetween(4, 7);
        nothingIsLeft();
    }

    @Test
    void oneThatHasFailedHasItsShareAgainOnceItHasAnswered() {
        publish(4);
        ana.onInfer(task -> fail(ana, task));
        bob.onInfer(task -> bob.answer(task, "by b"));
        infers(2);
        int failed = ana.infers().size();
        assertThat(failed).isEqualTo(1);
        ana.onInfer(task -> ana.answer(task, "by a"));
        server.advance(Duration.ofSeconds(1));
        infers(20);
        assertThat(ana.infers().size()).isGreaterThan(failed + 8);
    }

    @Test
    void whileItIsTriedItGetsOneTaskAndNoSecond() {
        publish(8);
        ana.onInfer(task -> fail(ana, task));
        infers(2);
        server.advance(Duration.ofSeconds(1));
        ana.onInfer(task -> {});
        infers(6);
        assertThat(ana.infers()).as("one that failed and one that is open").hasSize(2);
        server.advance(Duration.ofSeconds(1));
        infers(2);
        assertThat(ana.infers()).hasSize(3);
    }

    @Test
    void theLineGetsItsSlotsWhenItsRestIsOver() {
        publish(1);
        ana.onInfer(task -> fail(ana, task));
        List<InferProbe> infers = infers(4);
        assertThat(ana.infers()).hasSize(1);
        ana.onInfer(task -> ana.answer(task, "by a"));
        server.advance(Duration.ofSeconds(1));
        assertThat(infers.stream().filter(InferProbe::completed))
                .as("all but the one at b, and the one that may not")
                .hasSizeGreaterThanOrEqualTo(2);
        answerAll(bob);
        assertThat(infers).allMatch(InferProbe::completed);
        nothingIsLeft();
    }

    @Test
    void whereAllHaveFailedTheyAreAskedAllTheSame() {
        publish(4);
        ana.onInfer(task -> fail(ana, task));
        bob.onInfer(task -> fail(bob, task));
        assertThat(infers(3)).allMatch(infer -> infer.reason().equals("BACKEND_FAILED"));
        bob.onInfer(task -> bob.answer(task, "by b"));
        ana.onInfer(task -> ana.answer(task, "by a"));
        assertThat(server.infer("shared").completed()).isTrue();
    }
}
