package dormouse.server;

import static dormouse.server.ScriptedAgent.at;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.Infer;
import dormouse.v1.LlmStatus;
import dormouse.v1.ServerMessage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A second process with a copy of a session: as of a machine that was copied, or of one that lost its power. */
class CloneTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    /** With the files of the other, but another process. */
    private ScriptedAgent copy() {
        return server.agent("ana").session(ana.session(), ana.token());
    }

    private long probes() {
        return ana.heard().stream().filter(ServerMessage::hasProbe).count();
    }

    @Test
    void theOneThatIsThereIsAskedAndKeepsItsSessionWhereItAnswers() {
        ana.register(awake("a"));
        InferProbe infer = server.infer("a");
        ScriptedAgent clone = copy();
        clone.ask(awake("a"));
        assertThat(probes()).isEqualTo(1);
        assertThat(clone.heard()).isEmpty();
        assertThat(clone.open()).isTrue();
        server.advance(Duration.ofMillis(4_999));

        ana.heartbeat();

        assertThat(clone.endedWith()).isEqualTo("SESSION_IN_USE");
        assertThat(ana.open()).isTrue();
        assertThat(server.llm("a").getSessionId()).isEqualTo(ana.session());
        ana.answer(ana.infers().get(0), "undisturbed");
        assertThat(infer.text()).isEqualTo("undisturbed");
        server.advance(Duration.ofSeconds(10));
        assertThat(ana.open()).isTrue();
    }

    @Test
    void theRefusedOneGoesOnAsANewSessionAndNothingFlaps() {
        ana.register(awake("a"));
        ScriptedAgent clone = copy();
        clone.ask(awake("a"));
        ana.heartbeat();
        server.reconnect(clone).forgetSession();
        assertThat(Grants.of(clone.register(awake("a"), awake("b")))).containsExactly("a NAME_IN_USE", "b CREATED");
        long revision = server.server().fleet().revision();

        for (int minute = 0; minute < 10; minute++) {
            server.advance(Duration.ofMinutes(1));
            ana.heartbeat();
            clone.register(awake("a"), awake("b"));
            clone.heartbeat();
        }

        assertThat(probes()).isEqualTo(1);
        assertThat(ana.open()).isTrue();
        assertThat(server.server().fleet().revision()).isEqualTo(revision);
        assertThat(server.server().sessions().attached()).hasSize(2);
    }

    @Test
    void silenceFencesItOff() {
        ana.register(awake("a"));
        ana.heartbeat();
        ScriptedAgent next = copy();
        next.ask(awake("a"));
        server.advance(Duration.ofMillis(4_999));
        assertThat(ana.open()).isTrue();
        server.advance(Duration.ofMillis(1));

        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");
        assertThat(next.last(ServerMessage::hasRegistered).getRegistered().getEpoch())
                .isEqualTo(2);
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.server().sessions().attached()).hasSize(1);
    }

    @Test
    void anythingButAHeartbeatMayHaveBeenOnItsWayAndIsNoAnswer() {
        ana.register(awake("a"));
        server.infer("a");
        Infer task = ana.infers().get(0);
        ScriptedAgent next = copy();
        next.ask(awake("a"));
        ana.head(task, 200, "text/plain");
        ana.chunk(task, 0, "late");
        server.advance(Duration.ofSeconds(5));

        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");
    }

    @Test
    void theSameProcessWinsAtOnce() {
        ana.register(awake("a"));

        assertThat(server.agent("ana").sameAs(ana).register(awake("a")).getEpoch())
                .isEqualTo(2);

        assertThat(probes()).isZero();
        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");
    }

    @Test
    void theSameProcessWinsAtOnceAmidAContestToo() {
        ana.register(awake("a"));
        ScriptedAgent clone = copy();
        clone.ask(awake("a"));
        ScriptedAgent again = server.agent("ana").sameAs(ana);
        again.register(awake("a"));
        assertThat(again.last(ServerMessage::hasProbe))
                .as("it is asked in its turn")
                .isNotNull();

        again.heartbeat();

        assertThat(clone.endedWith()).isEqualTo("SESSION_IN_USE");
        assertThat(again.open()).isTrue();
    }

    @Test
    void whoeverHasNoTokenDisturbsNobody() {
        ana.register(awake("a"));
        ScriptedAgent thief = server.agent("ana").session(ana.session(), ByteString.copyFromUtf8("guessed"));
        thief.ask(awake("a"));

        assertThat(thief.endedWith()).isEqualTo("SESSION_FORBIDDEN");
        assertThat(probes()).isZero();
    }

    @Test
    void aThirdOneIsRefusedAtOnce() {
        ana.register(awake("a"));
        ScriptedAgent second = copy();
        second.ask(awake("a"));
        ScriptedAgent third = copy();
        third.ask(awake("a"));

        assertThat(third.endedWith()).isEqualTo("SESSION_IN_USE");
        assertThat(second.open()).isTrue();
        server.advance(Duration.ofSeconds(5));
        assertThat(second.last(ServerMessage::hasRegistered)).isNotNull();
    }

    @Test
    void aNewcomerThatHasGoneMeanwhileFencesNobodyOff() {
        ana.register(awake("a"));
        ScriptedAgent next = copy();
        next.ask(awake("a"));
        next.cut();
        server.advance(Duration.ofSeconds(5));

        assertThat(ana.open()).isTrue();
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void whenTheOldConnectionEndsMeanwhileTheNewcomerIsAdmittedAtOnce() {
        ana.register(awake("a"));
        InferProbe infer = server.infer("a");
        ScriptedAgent next = copy();
        next.ask(awake("a"));
        ana.cut();

        assertThat(next.last(ServerMessage::hasRegistered).getRegistered().getResumed())
                .isTrue();
        assertThat(infer.reason()).as("another process knows nothing of it").isEqualTo("AGENT_LOST");
        assertThat(server.time().alarms()).isEqualTo(Harness.ALARMS_AT_REST);
    }

    @Test
    void anAgentThatOnlyFinishesItsTasksIsNotAsked() {
        ana.register(awake("a"));
        InferProbe infer = server.infer("a");
        ana.goodbye();
        ScriptedAgent next = copy();

        assertThat(next.register(awake("a")).getEpoch()).isEqualTo(2);

        assertThat(probes()).isZero();
        ana.answer(ana.infers().get(0), "finished on the old stream");
        assertThat(infer.text()).isEqualTo("finished on the old stream");
        InferProbe second = server.infer("a");
        next.answer(next.infers().get(0), "begun on the new one");
        assertThat(second.text()).isEqualTo("begun on the new one");
    }

    @Test
    void anAgentThatIsDrainedFinishesOnItsOldStreamUntilItsTimeIsOver() {
        ana.register(awake("a"));
        InferProbe quick = server.infer("a");
        InferProbe slow = server.infer("a");
        server.server()
                .sessions()
                .drain(
                        server.server().sessions().attached().iterator().next(),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(30));
        assertThat(ana.last(ServerMessage::hasDrain)).isNotNull();
        ScriptedAgent next = server.agent("ana").sameAs(ana);

        assertThat(next.register(awake("a")).getEpoch()).isEqualTo(2);

        assertThat(ana.open()).isTrue();
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        ana.answer(ana.infers().get(0), "finished");
        assertThat(quick.text()).isEqualTo("finished");
        InferProbe fresh = server.infer("a");
        next.answer(next.infers().get(0), "fresh");
        assertThat(fresh.text()).isEqualTo("fresh");
        server.advance(Duration.ofMillis(29_999));
        assertThat(slow.over()).isFalse();
        server.advance(Duration.ofMillis(1));
        assertThat(slow.reason()).isEqualTo("REPLICA_DRAINING");
        assertThat(ana.endedWith()).isEqualTo("REPLICA_DRAINING");
        assertThat(next.open()).isTrue();
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void theLossOfADrainedStreamIsNoBlip() {
        ana.register(awake("a"));
        InferProbe infer = server.infer("a");
        Infer task = ana.infers().get(0);
        ana.goodbye();
        ana.cut();

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        assertThat(server.reconnect(ana)
                        .resume(List.of(at(task, 0, 2, true)), awake("a"))
                        .getTasksList())
                .isEmpty();
    }
}
