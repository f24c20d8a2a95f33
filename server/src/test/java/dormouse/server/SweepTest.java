package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.v1.AgentMessage;
import dormouse.v1.Goodbye;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rule 7: who is silent, who is away for too long. Failure list: 10. */
class SweepTest {
    /** A sweep a second, so that what is due happens when it is due. */
    private final Harness server = Harness.start("lifecycle.sweepInterval=1s");

    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private LlmStatus status(String llm) {
        return server.llm(llm).getStatus();
    }

    private List<LlmEvent.Type> history(String llm) {
        return server
                .llms()
                .listLlmEvents(ListLlmEventsRequest.newBuilder().setName(llm).build())
                .getEventsList()
                .stream()
                .map(LlmEvent::getType)
                .toList();
    }

    @Test
    void after89SecondsOfSilenceAnLlmIsActiveAndAfter91Inactive() {
        ana.register(awake("a"), asleep("b"));

        server.advance(Duration.ofSeconds(89));
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        server.advance(Duration.ofSeconds(2));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("a").getStatusReason()).contains("nothing heard");
        assertThat(ana.open()).isTrue();
        assertThat(server.infer("a").reason()).isEqualTo("LLM_INACTIVE");
    }

    @Test
    void aHeartbeatAt89SecondsKeepsItForAnother90() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(89));
        ana.heartbeat();
        server.advance(Duration.ofSeconds(89));
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        server.advance(Duration.ofSeconds(2));
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void sweepingTwiceIsAsGoodAsOnce() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(91));
        Llm swept = server.llm("a");

        server.advance(Duration.ofSeconds(5));

        assertThat(server.llm("a")).isEqualTo(swept);
        assertThat(history("a")).containsExactly(LlmEvent.Type.TYPE_DEACTIVATED, LlmEvent.Type.TYPE_REGISTERED);
    }

    @Test
    void aRowWhosePublisherIsAwayIsDeletedAfterFourHoursAndNotBefore() {
        ana.register(awake("lost"));
        ScriptedAgent bob = server.agent("bob");
        bob.register(awake("left"));
        ana.cut();
        bob.goodbye();

        server.advance(Duration.ofHours(4));
        assertThat(status("lost")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(status("left")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        server.advance(Duration.ofSeconds(2));

        for (String gone : List.of("lost", "left")) {
            assertThatThrownBy(() -> server.llm(gone))
                    .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("LLM_NOT_FOUND"));
            assertThat(server.infer(gone).reason()).isEqualTo("LLM_NOT_FOUND");
            assertThat(history(gone))
                    .containsExactly(
                            LlmEvent.Type.TYPE_DELETED, LlmEvent.Type.TYPE_DEACTIVATED, LlmEvent.Type.TYPE_REGISTERED);
        }
        assertThat(Grants.of(server.reconnect(ana).register(awake("lost")))).containsExactly("lost CREATED");
    }

    @Test
    void theFourHoursRunFromTheFirstAbsenceWhateverIsLearntOfItLater() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(92));
        Instant silent = Times.instant(server.llm("a").getInactiveSince());
        server.advance(Duration.ofHours(2));
        ana.goodbye();
        assertThat(Times.instant(server.llm("a").getInactiveSince())).isEqualTo(silent);

        server.advance(Duration.ofHours(2));

        assertThatThrownBy(() -> server.llm("a")).hasMessageContaining("there is no Llm a");
    }

    @Test
    void aRowThatIsDownWhileItsAgentLivesIsKept() {
        ana.register(awake("a"));
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        for (int i = 0; i < 5 * 60; i++) {
            server.advance(Duration.ofMinutes(1));
            ana.heartbeat();
        }

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(history("a")).containsExactly(LlmEvent.Type.TYPE_BACKEND_DOWN, LlmEvent.Type.TYPE_REGISTERED);
    }

    @Test
    void aPublicRowIsLeftAloneByTheSweep() {
        Elsewhere.declare(server, "gpt");
        server.restart();

        server.time().jump(Duration.ofHours(10));

        assertThat(status("gpt")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void theTimesAreTheOperatorsToSet() {
        try (Harness quick = Harness.start(
                "lifecycle.heartbeatTimeout=2s", "lifecycle.inactiveRetention=5s", "lifecycle.sweepInterval=100ms")) {
            ScriptedAgent agent = quick.agent("quick");
            assertThat(agent.register(awake("a")).getHeartbeatTimeout().getSeconds())
                    .isEqualTo(2);
            quick.advance(Duration.ofMillis(2200));
            assertThat(quick.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
            agent.send(AgentMessage.newBuilder().setGoodbye(Goodbye.getDefaultInstance()));
            quick.advance(Duration.ofMillis(5200));
            assertThatThrownBy(() -> quick.llm("a")).hasMessageContaining("there is no Llm a");
        }
    }
}
