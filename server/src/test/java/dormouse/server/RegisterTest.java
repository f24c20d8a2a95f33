package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.offer;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.Llm;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules 1 to 3 and 6 of the lifecycle: names that are granted, rows that come back, agents that go. */
class RegisterTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void aNewNameBecomesAVirtualRowActiveOrHibernatingAsItsAgentSays() {
        Registered registered = ana.register(awake("a"), asleep("b"));

        assertThat(Grants.of(registered)).containsExactly("a CREATED", "b CREATED");
        assertThat(registered.getResumed()).isFalse();
        assertThat(registered.getEpoch()).isEqualTo(1);
        assertThat(registered.getResumeToken().size()).isGreaterThanOrEqualTo(32);
        Llm a = server.llm("a");
        assertThat(a.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(a.getKind()).isEqualTo(LlmKind.LLM_KIND_VIRTUAL);
        assertThat(a.getSessionId()).isEqualTo(registered.getSessionId());
        assertThat(a.getAgentName()).isEqualTo("ana");
        assertThat(a.getOwnerEpoch()).isEqualTo(1);
        assertThat(a.getRevision()).isEqualTo(1);
        assertThat(server.llm("b").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void theAgentIsToldTheTermsOfItsStream() {
        Registered registered = ana.register(awake("a"));

        assertThat(registered.getHeartbeatInterval().getSeconds()).isEqualTo(30);
        assertThat(registered.getHeartbeatTimeout().getSeconds()).isEqualTo(90);
        assertThat(registered.getWindowBytes()).isEqualTo(64 << 10);
        assertThat(registered.getFrameBytes()).isEqualTo(16 << 10);
        assertThat(registered.getReplicaId()).isNotEmpty();
    }

    @Test
    void theSameSessionGetsItsRowBackWithItsCreationTimeAfterTheAgentWasRestarted() {
        ana.register(awake("a"));
        Llm before = server.llm("a");
        ana.cut();
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("a").getReplicaId()).isEmpty();
        server.advance(Duration.ofMinutes(5));

        Registered again = server.reconnect(ana).register(asleep("a"));

        assertThat(Grants.of(again)).containsExactly("a REACTIVATED");
        assertThat(again.getResumed()).isTrue();
        assertThat(again.getEpoch()).isEqualTo(2);
        assertThat(again.getResumeToken().isEmpty()).isTrue();
        Llm after = server.llm("a");
        assertThat(after.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(after.getCreateTime()).isEqualTo(before.getCreateTime());
        assertThat(after.getSessionId()).isEqualTo(before.getSessionId());
        assertThat(after.getOwnerEpoch()).isEqualTo(1);
        assertThat(after.hasInactiveSince()).isFalse();
        assertThat(after.getRevision()).isEqualTo(3);
    }

    @Test
    void theSameSessionGetsItsRowBackWithItsCreationTimeAfterTheServerWasRestarted() {
        ana.register(awake("a"), asleep("b"));
        Llm before = server.llm("a");
        server.restart();
        assertThat(ana.endedWith()).isEqualTo("REPLICA_DRAINING");
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.infer("a").reason()).isEqualTo("LLM_INACTIVE");
        server.advance(Duration.ofMinutes(5));

        Registered again = server.reconnect(ana).register(awake("a"), asleep("b"));

        assertThat(Grants.of(again)).containsExactly("a REACTIVATED", "b REACTIVATED");
        assertThat(again.getEpoch()).isEqualTo(2);
        assertThat(again.getSessionId()).isEqualTo(before.getSessionId());
        assertThat(server.llm("a").getCreateTime()).isEqualTo(before.getCreateTime());
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.llm("b").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void whatAServerThatWasKilledLeftActiveIsInactiveAtItsNextStart() {
        ana.register(awake("a"));
        server.kill();

        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("a").getStatusReason()).contains("restarted");
    }

    @Test
    void aRegisterThatSaysNothingNewChangesNothing() {
        ana.register(awake("a"), asleep("b"));
        Llm before = server.llm("a");
        server.advance(Duration.ofSeconds(60));

        Registered again = ana.register(awake("a"), asleep("b"));

        assertThat(Grants.of(again)).containsExactly("a REACTIVATED", "b REACTIVATED");
        assertThat(again.getEpoch()).isEqualTo(1);
        assertThat(server.llm("a").getRevision()).isEqualTo(before.getRevision());
        assertThat(server.server().fleet().revision()).isEqualTo(2);
    }

    @Test
    void aRegisterWithOtherWordsUpdatesTheRowInPlace() {
        ana.register(awake("a"));
        Llm before = server.llm("a");

        ana.register(offer(
                LlmSpec.newBuilder()
                        .setName("a")
                        .setConcurrency(9)
                        .setModel("big")
                        .putLabels("gpu", "h100"),
                LlmStatus.LLM_STATUS_ACTIVE));

        Llm after = server.llm("a");
        assertThat(after.getSpec().getConcurrency()).isEqualTo(9);
        assertThat(after.getSpec().getModel()).isEqualTo("big");
        assertThat(after.getSpec().getLabelsMap()).containsEntry("gpu", "h100");
        assertThat(after.getCreateTime()).isEqualTo(before.getCreateTime());
        assertThat(after.getRevision()).isEqualTo(before.getRevision() + 1);
    }

    @Test
    void aGoodbyeTurnsTheLlmsInactiveAtOnceAndLetsTheRunningTasksFinish() {
        ana.register(awake("a"));
        InferProbe running = server.infer("a");

        ana.goodbye();

        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.infer("a").reason()).isEqualTo("LLM_INACTIVE");
        ana.answer(ana.infers().get(0), "still");
        assertThat(running.text()).isEqualTo("still");
        ana.complete();
        assertThat(server.llm("a").getStatusReason()).contains("goodbye");
    }

    @Test
    void aDisconnectTurnsTheLlmsInactiveAtOnceAndFailsTheTasksAfterTheGrace() {
        ana.register(awake("a"), asleep("b"));
        InferProbe running = server.infer("a");

        ana.cut();

        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("b").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(running.over()).isFalse(); // it may be back in a moment
        server.advance(Duration.ofSeconds(10));
        assertThat(running.reason()).isEqualTo("AGENT_LOST");
        assertThat(running.retryAfter()).isNotNull();
        assertThat(server.infer("b").reason()).isEqualTo("LLM_INACTIVE");
    }

    @Test
    void anAgentThatPublishesNothingIsWelcome() {
        assertThat(ana.register().getGrantsList()).isEqualTo(List.of());
        assertThat(ana.open()).isTrue();
    }
}
