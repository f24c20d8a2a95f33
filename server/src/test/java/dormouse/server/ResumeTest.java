package dormouse.server;

import static dormouse.server.ScriptedAgent.at;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.server.fleet.LlmName;
import dormouse.v1.Deadlines;
import dormouse.v1.Infer;
import dormouse.v1.InferRequest;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import dormouse.v1.TaskPosition;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A stream that is lost with a task on it: at whatever point, the answer is whole, and each byte comes once. */
class ResumeTest {
    private final Harness server = Harness.start("limits.windowBytes=16KiB");
    private final ScriptedAgent ana = server.agent("ana");
    private InferProbe infer; // of the one that was asked

    @AfterEach
    void close() {
        server.close();
    }

    private Infer task(int number) {
        return ana.infers().get(number);
    }

    /** A task of {@code a}, which its agent has been given; what its client hears is {@link #infer}. */
    private Infer asked() {
        ana.register(awake("a"));
        infer = server.infer("a");
        return task(0);
    }

    /** One of which the answer has begun like this. */
    private Infer begun(String answer) {
        Infer task = asked();
        ana.head(task, 200, "text/plain");
        if (!answer.isEmpty()) {
            ana.chunk(task, 0, answer);
        }
        return task;
    }

    private Registered back(TaskPosition... tasks) {
        server.reconnect(ana);
        return ana.resume(List.of(tasks), awake("a"));
    }

    private static com.google.protobuf.Duration seconds(long seconds) {
        return Times.duration(Duration.ofSeconds(seconds));
    }

    private void nothingIsLeft() {
        assertThat(Leftovers.of(server.server()).stream()
                        .filter(left -> left.contains("uspended") || left.contains("asks") || left.contains("bsences")))
                .isEmpty();
        assertThat(server.relay().tasks()).isZero();
        assertThat(server.relay().running(new LlmName("a"))).isZero();
    }

    @Test
    void anAnswerGoesOnWhereItsLastByteArrived() {
        Infer task = begun("one ");
        ana.cut();
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        server.advance(Duration.ofSeconds(9));
        assertThat(infer.over()).isFalse();

        Registered back = back(at(task, 8, 2, true)); // "two " was on its way

        assertThat(back.getResumed()).isTrue();
        assertThat(back.getResumeGrace()).isEqualTo(seconds(10));
        assertThat(back.getTasksList()).containsExactly(at(task, 4, 2, true));
        assertThat(ana.infers()).as("it is not asked again").isEmpty();
        ana.chunk(task, 4, "two ");
        ana.chunk(task, 8, "three");
        ana.end(task, 13);
        assertThat(infer.text()).isEqualTo("one two three");
        assertThat(infer.completed()).isTrue();
        assertThat(ana.isEnded(task)).isTrue();
        nothingIsLeft();
    }

    @Test
    void aTaskThatItsAgentHasNotHeardOfIsSentAgain() {
        ana.register(awake("a"));
        InferProbe infer = server.infer("a", "{\"n\":1}");
        Infer task = task(0);
        ana.cut();

        assertThat(back().getTasksList()).isEmpty();

        assertThat(ana.infers()).containsExactly(task);
        assertThat(ana.input(task).toStringUtf8()).isEqualTo("{\"n\":1}");
        ana.answer(task, "whole");
        assertThat(infer.text()).isEqualTo("whole");
        nothingIsLeft();
    }

    @Test
    void aHeadThatWasLostIsMissing() {
        Infer task = asked();
        ana.cut();

        assertThat(back(at(task, 5, 2, true)).getTasksList()).containsExactly(at(task, 0, 2, false));

        ana.answer(task, "whole");
        assertThat(infer.text()).isEqualTo("whole");
        nothingIsLeft();
    }

    @Test
    void anEndThatWasLostIsSaidAgain() {
        Infer task = begun("all");
        ana.cut();
        assertThat(infer.text()).isEqualTo("all");
        assertThat(infer.over()).isFalse();

        assertThat(back(at(task, 3, 2, true)).getTasksList()).containsExactly(at(task, 3, 2, true));

        assertThat(ana.isEnded(task)).isFalse();
        ana.end(task, 3);
        assertThat(infer.completed()).isTrue();
        assertThat(ana.isEnded(task)).isTrue();
        nothingIsLeft();
    }

    @Test
    void anEndThatHasComeIsNotAskedForAgain() {
        Infer task = asked();
        ana.answer(task, "all");
        assertThat(ana.isEnded(task)).isTrue(); // but this may be lost
        ana.cut();

        assertThat(back(at(task, 3, 2, true)).getTasksList()).isEmpty();
        assertThat(infer.text()).isEqualTo("all");
        ana.end(task, 3);
        assertThat(ana.isEnded(task)).as("so that it is forgotten").isTrue();
        nothingIsLeft();
    }

    @Test
    void anInputGoesOnWhereItsLastByteArrived() {
        ana.register(awake("a"));
        ByteString body = ByteString.copyFromUtf8("x".repeat(25_000) + "y".repeat(25_000));
        InferProbe infer = server.infer(
                InferRequest.newBuilder().setLlm("a").setInput(body).build());
        Infer task = task(0);
        assertThat(ana.input(task).size()).isEqualTo(16384); // its window
        ana.window(task.getTaskId(), 16384);
        assertThat(ana.input(task).size()).isEqualTo(32768);
        ana.cut();

        back(at(task, 0, 20_000, false)); // the rest of the second window was lost

        ana.window(task.getTaskId(), 20_000);
        ByteString rest = ana.input(task);
        while (20_000 + rest.size() < body.size()) {
            ana.window(task.getTaskId(), 20_000 + rest.size());
            rest = ana.input(task);
        }
        assertThat(rest).isEqualTo(body.substring(20_000));
        ana.answer(task, "read");
        assertThat(infer.text()).isEqualTo("read");
        nothingIsLeft();
    }

    @Test
    void aWindowThatWasLostIsSaidAgain() {
        Infer task = begun("");
        ana.chunk(task, 0, "z".repeat(10_000));
        assertThat(ana.window(task)).isEqualTo(10_000);
        ana.cut();

        back(at(task, 10_000, 2, true));

        assertThat(ana.window(task)).isEqualTo(10_000);
        ana.chunk(task, 10_000, "z".repeat(10_000));
        ana.end(task, 20_000);
        assertThat(infer.text()).isEqualTo("z".repeat(20_000));
    }

    @Test
    void afterTheGraceItIsLostAndTheAgentIsToldSo() {
        Infer task = begun("half");
        ana.cut();
        server.advance(Duration.ofMillis(9_999));
        assertThat(infer.over()).isFalse();
        server.advance(Duration.ofMillis(1));

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(infer.retryAfter()).as("some of it has come").isNull();
        nothingIsLeft();
        assertThat(back(at(task, 9, 2, true)).getTasksList()).isEmpty();
        InferProbe next = server.infer("a");
        ana.answer(task(0), "next");
        assertThat(next.text()).isEqualTo("next");
    }

    @Test
    void afterAnAdoptionItIsLostAtOnce() {
        ana.register(awake("a"), awake("b"));
        InferProbe infer = server.infer("a");
        InferProbe other = server.infer("b");
        ana.head(task(1), 200, "text/plain");
        Infer second = task(1);
        ana.cut();

        server.agent("bob").register(awake("a"));

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(other.over()).isFalse();
        server.reconnect(ana).resume(List.of(at(second, 0, 2, true)), awake("b"));
        ana.answer(second, "mine still");
        assertThat(other.text()).isEqualTo("mine still");
        nothingIsLeft();
    }

    @Test
    void aProcessThatWasRestartedHasNothingOfIt() {
        asked();
        ana.cut();
        server.reconnect(ana).restarted();
        assertThat(ana.register(awake("a")).getResumed()).isTrue();

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(infer.retryAfter()).isNotNull();
        assertThat(ana.infers()).isEmpty();
        nothingIsLeft();
    }

    @Test
    void whatTheAgentHasForgottenIsLost() {
        asked();
        ana.window(task(0).getTaskId(), 2); // it had it
        ana.cut();

        back();

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(ana.infers()).isEmpty();
        nothingIsLeft();
    }

    @Test
    void aServerThatWasKilledKnowsNoTask() {
        ana.register(awake("a"));
        server.infer("a");
        Infer task = task(0);
        server.kill();

        assertThat(back(at(task, 3, 2, true)).getTasksList()).isEmpty();
        nothingIsLeft();
    }

    @Test
    void aClientThatLeavesMeanwhileEndsItOnTheNextStream() {
        Infer task = begun("half");
        ana.cut();
        infer.cancel();
        server.advance(Duration.ofSeconds(3));

        assertThat(back(at(task, 4, 2, true)).getTasksList()).hasSize(1);

        assertThat(ana.cancelReason(task)).isEqualTo("CLIENT_GONE");
        ana.end(task, 4, Problems.status(Status.Code.CANCELLED, "CLIENT_GONE", "as you say"));
        nothingIsLeft();
    }

    @Test
    void oneThatWasEndedForLongIsNoLongerNamed() {
        Infer task = begun("");
        ana.cut();
        infer.cancel();
        server.advance(Duration.ofSeconds(6)); // a slot is free 5 s after a cancel
        assertThat(server.relay().running(new LlmName("a"))).isZero();

        assertThat(back(at(task, 4, 2, true)).getTasksList())
                .as("so that the agent drops it")
                .isEmpty();
        nothingIsLeft();
    }

    @Test
    void theClocksOfFirstByteAndSilenceStandStillAndTheTotalRunsOn() {
        ana.register(awake("a"));
        InferProbe first = server.infer("a", Deadlines.newBuilder().setFirstByte(seconds(5)));
        InferProbe idle = server.infer("a", Deadlines.newBuilder().setIdle(seconds(5)));
        InferProbe total = server.infer("a", Deadlines.newBuilder().setTotal(seconds(7)));
        Infer begun = task(1);
        ana.window(task(0).getTaskId(), 2);
        ana.head(begun, 200, "text/plain");
        ana.chunk(begun, 0, "x");
        Infer waiting = task(0);
        server.advance(Duration.ofSeconds(2));
        ana.cut();
        server.advance(Duration.ofSeconds(8));

        assertThat(first.over()).isFalse();
        assertThat(idle.over()).isFalse();
        assertThat(total.reason()).isEqualTo("DEADLINE");
        back(at(waiting, 0, 2, false), at(begun, 1, 2, true));
        server.advance(Duration.ofMillis(2_999));
        assertThat(first.over()).isFalse();
        server.advance(Duration.ofMillis(1));
        assertThat(first.reason()).isEqualTo("FIRST_BYTE_TIMEOUT");
        assertThat(idle.over()).isFalse();
        server.advance(Duration.ofSeconds(2));
        assertThat(idle.reason()).isEqualTo("IDLE_TIMEOUT");
    }

    @Test
    void aStreamThatIsLostAgainIsResumedAgain() {
        Infer task = begun("");
        for (int i = 0; i < 5; i++) {
            ana.chunk(task, i, "" + i);
            ana.cut();
            server.advance(Duration.ofSeconds(8)); // in all longer than the grace
            assertThat(back(at(task, i + 3, 2, true)).getTasksList()).containsExactly(at(task, i + 1, 2, true));
        }
        ana.end(task, 5);
        assertThat(infer.text()).isEqualTo("01234");
        nothingIsLeft();
    }

    @Test
    void aStreamThatIsReplacedBeforeItsLossIsSeenLosesNothing() {
        Infer task = begun("one");
        ScriptedAgent next = server.agent("ana").sameAs(ana);

        assertThat(next.resume(List.of(at(task, 6, 2, true)), awake("a")).getTasksList())
                .containsExactly(at(task, 3, 2, true));

        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");
        next.chunk(task, 3, "two");
        next.end(task, 6);
        assertThat(infer.text()).isEqualTo("onetwo");
        nothingIsLeft();
    }

    @Test
    void withoutAGraceEverythingIsLostAtOnce() {
        try (Harness strict = Harness.start("lifecycle.resumeGrace=0s")) {
            ScriptedAgent bob = strict.agent("bob");
            assertThat(bob.register(awake("a")).getResumeGrace()).isEqualTo(seconds(0));
            InferProbe infer = strict.infer("a");
            bob.cut();
            assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        }
    }

    @Test
    void whatADrainHasNoTimeForEndsWithItsReason() {
        begun("half");
        server.server().sessions().drain(Duration.ofSeconds(1), Duration.ofSeconds(30));
        server.advance(Duration.ofMillis(29_999));
        assertThat(infer.over()).isFalse();
        server.advance(Duration.ofMillis(1));

        assertThat(infer.reason()).isEqualTo("REPLICA_DRAINING");
        assertThat(infer.retryAfter()).as("some of it has come").isNull();
        assertThat(ana.endedWith()).isEqualTo("REPLICA_DRAINING");
        nothingIsLeft();
    }

    @Test
    void whatIsSuspendedEndsWithTheServer() {
        asked();
        ana.cut();
        server.restart();

        assertThat(infer.over()).isTrue();
        assertThat(infer.code()).isEqualTo(Status.Code.UNAVAILABLE);
    }
}
