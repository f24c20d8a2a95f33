package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Times;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.SessionId;
import dormouse.server.store.Database;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmStatus;
import dormouse.v1.ServerMessage;
import dormouse.v1.Window;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules 5, 7 and 13: who is heard, who is not, and what the sweep makes of it. Failure list: 10. */
class HeartbeatTest {
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

    private Instant onDisk(String llm) {
        try (Database database = Database.open(server.database(), null, null)) {
            return database.llms().load().llms().stream()
                    .filter(row -> row.name().equals(new LlmName(llm)))
                    .map(dormouse.server.fleet.Llm::lastHeartbeat)
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void eachHeartbeatIsAcknowledgedWithItsNumber() {
        ana.register(awake("a"));

        ana.heartbeat();
        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);
        ana.heartbeat("unknown", LlmStatus.LLM_STATUS_ACTIVE, "not a name", LlmStatus.LLM_STATUS_INACTIVE);

        assertThat(ana.heard().stream()
                        .filter(ServerMessage::hasHeartbeatAck)
                        .map(message -> message.getHeartbeatAck().getSeq()))
                .containsExactly(1L, 2L, 3L);
        assertThat(history("a")).containsExactly(LlmEvent.Type.TYPE_REGISTERED);
    }

    @Test
    void anyMessageIsASignOfLife() {
        ana.register(awake("a"));
        server.infer("a");
        Infer task = ana.infers().get(0);
        List<AgentMessage.Builder> messages = List.of(
                AgentMessage.newBuilder().setWindow(Window.newBuilder().setTaskId(task.getTaskId())),
                AgentMessage.newBuilder().setWindow(Window.newBuilder().setTaskId("unknown")),
                AgentMessage.newBuilder()
                        .setInferHead(dormouse.v1.InferHead.newBuilder()
                                .setTaskId(task.getTaskId())
                                .setStatus(200)),
                AgentMessage.newBuilder());

        for (AgentMessage.Builder message : messages) {
            server.advance(Duration.ofSeconds(40));
            ana.send(message);
            server.advance(Duration.ofSeconds(40));
            assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
            assertThat(Times.instant(server.llm("a").getLastHeartbeatTime()))
                    .isEqualTo(server.time().now().minusSeconds(40));
        }
    }

    @Test
    void aLateHeartbeatRevivesToWhatItReports() {
        ana.register(awake("a"), asleep("b"), awake("c"));
        server.advance(Duration.ofSeconds(91));

        ana.heartbeat(
                "a", LlmStatus.LLM_STATUS_HIBERNATING,
                "b", LlmStatus.LLM_STATUS_ACTIVE,
                "c", LlmStatus.LLM_STATUS_INACTIVE);

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(status("c")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(history("a")).startsWith(LlmEvent.Type.TYPE_REACTIVATED, LlmEvent.Type.TYPE_DEACTIVATED);
        assertThat(server.llm("a").hasInactiveSince()).isFalse();
    }

    @Test
    void aLateHeartbeatThatReportsNothingRevivesToWhatWasBefore() {
        ana.register(awake("a"), asleep("b"));
        server.advance(Duration.ofSeconds(91));

        ana.heartbeat();

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void aSilentLlmGoesThroughARestartOfTheServerLikeAnyOther() {
        ana.register(asleep("a"));
        server.advance(Duration.ofSeconds(91));
        server.kill();

        server.reconnect(ana).register(asleep("a"));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void noHeartbeatRevivesWhatItsAgentHasWithdrawn() {
        ana.register(awake("a"), awake("b"));
        ana.register(awake("b"));

        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE, "b", LlmStatus.LLM_STATUS_ACTIVE);

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void aBackendThatGoesDownAndComesBackIsReported() {
        ana.register(awake("a"), awake("b"));

        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE, "b", LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE, "b", LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);

        for (String llm : List.of("a", "b")) {
            assertThat(history(llm))
                    .containsExactly(
                            LlmEvent.Type.TYPE_BACKEND_UP,
                            LlmEvent.Type.TYPE_BACKEND_DOWN,
                            LlmEvent.Type.TYPE_REGISTERED);
        }
    }

    @Test
    void whatIsDownIsNotRevivedByAMereHeartbeat() {
        ana.register(awake("a"));
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        Llm down = server.llm("a");

        ana.heartbeat();
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);

        assertThat(server.llm("a")).isEqualTo(down);
    }

    @Test
    void queuedTasksOfABackendThatGoesDownFailAndRunningOnesGoOn() {
        ana.register(ScriptedAgent.offer(
                dormouse.v1.LlmSpec.newBuilder().setName("a").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE));
        InferProbe running = server.infer("a");
        InferProbe queued = server.infer("a");

        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);

        assertThat(queued.reason()).isEqualTo("LLM_INACTIVE");
        ana.answer(ana.infers().get(0), "all the same");
        assertThat(running.text()).isEqualTo("all the same");
    }

    @Test
    void whatHeartbeatsSayOfTimeIsWrittenInBatches() {
        ana.register(awake("a"), asleep("b"));
        ScriptedAgent bob = server.agent("bob");
        bob.register(awake("c"));
        server.advance(Duration.ofSeconds(6));
        server.stores().flushed().clear();
        int calls = server.stores().calls();

        for (int i = 0; i < 100; i++) {
            server.time().jump(Duration.ofMillis(10));
            ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE, "b", LlmStatus.LLM_STATUS_HIBERNATING);
            bob.heartbeat("c", LlmStatus.LLM_STATUS_ACTIVE);
        }
        Instant last = server.time().now();
        assertThat(server.stores().calls()).isEqualTo(calls);
        server.advance(Duration.ofSeconds(15));

        assertThat(server.stores().flushed())
                .containsExactly(Map.of(new SessionId(ana.session()), last, new SessionId(bob.session()), last));
        assertThat(onDisk("a")).isEqualTo(last);
        assertThat(onDisk("b")).isEqualTo(last);
        server.advance(Duration.ofSeconds(30));
        assertThat(server.stores().flushed()).hasSize(1);
    }

    @Test
    void theLastSignOfLifeIsKnownAfterItsAgentIsLost() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(60));
        ana.heartbeat();
        Instant last = server.time().now();
        server.advance(Duration.ofSeconds(17));

        ana.cut();

        assertThat(Times.instant(server.llm("a").getLastHeartbeatTime())).isEqualTo(last);
        assertThat(onDisk("a")).isEqualTo(last);
        server.restart();
        assertThat(Times.instant(server.llm("a").getLastHeartbeatTime())).isEqualTo(last);
    }

    @Test
    void noChangeOfARowTakesTheLastSignOfLifeBack() {
        ana.register(asleep("a"));
        server.advance(Duration.ofSeconds(60));
        ana.heartbeat();
        Instant last = server.time().now();
        server.advance(Duration.ofSeconds(17));

        server.infer("a");

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(onDisk("a")).isEqualTo(last);
    }

    @Test
    void aSignOfLifeThatTheDatabaseDidNotTakeIsWrittenLater() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(60));
        ana.heartbeat();
        Instant last = server.time().now();
        server.stores().away();
        server.advance(Duration.ofSeconds(15));
        server.stores().back();

        server.advance(Duration.ofSeconds(15));

        assertThat(onDisk("a")).isEqualTo(last);
    }
}
