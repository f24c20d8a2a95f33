package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.Agent;
import dormouse.v1.AgentMessage;
import dormouse.v1.BackupRequest;
import dormouse.v1.BackupResponse;
import dormouse.v1.DisconnectAgentRequest;
import dormouse.v1.Heartbeat;
import dormouse.v1.ListAgentsRequest;
import dormouse.v1.ListAgentsResponse;
import dormouse.v1.LlmStatus;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an operator sees of agents, and does to them. */
class AdminTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private List<Agent> agents() {
        return server.admin().listAgents(ListAgentsRequest.getDefaultInstance()).getAgentsList();
    }

    private void disconnect(String session) {
        server.admin()
                .disconnectAgent(DisconnectAgentRequest.newBuilder()
                        .setSessionId(session)
                        .build());
    }

    @Test
    void anAttachedAgentIsShownWithWhatIsKnownOfIt() {
        ana.register(awake("a"), asleep("b"));
        long connected = server.time().now().getEpochSecond();
        server.advance(Duration.ofSeconds(20));
        ana.send(AgentMessage.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder().setSeq(1).setActiveTasks(3)));

        assertThat(agents()).singleElement().satisfies(agent -> {
            assertThat(agent.getSessionId()).isEqualTo(ana.session());
            assertThat(agent.getName()).isEqualTo("ana");
            assertThat(agent.getVersion()).isEqualTo("test");
            assertThat(agent.getConnected()).isTrue();
            assertThat(agent.getEpoch()).isEqualTo(1);
            assertThat(agent.getLlms()).isEqualTo(2);
            assertThat(agent.getActiveTasks()).isEqualTo(3);
            assertThat(agent.getReplicaId()).isNotEmpty();
            assertThat(agent.getConnectTime().getSeconds()).isEqualTo(connected);
            assertThat(Times.instant(agent.getLastHeartbeatTime()))
                    .isEqualTo(server.time().now());
        });
    }

    @Test
    void anAgentThatIsAwayIsShownAsAway() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(20));
        ana.heartbeat();
        server.advance(Duration.ofSeconds(15));
        ana.cut();

        assertThat(agents()).singleElement().satisfies(agent -> {
            assertThat(agent.getConnected()).isFalse();
            assertThat(agent.getReplicaId()).isEmpty();
            assertThat(agent.getLlms()).isEqualTo(1);
            assertThat(agent.getActiveTasks()).isZero();
            assertThat(Times.instant(agent.getLastHeartbeatTime()))
                    .isEqualTo(server.time().now().minusSeconds(15));
        });
        server.restart();
        assertThat(agents())
                .singleElement()
                .satisfies(agent -> assertThat(agent.getName()).isEqualTo("ana"));
    }

    @Test
    void agentsComeInPages() {
        TreeSet<String> sessions = new TreeSet<>();
        IntStream.range(0, 5).forEach(i -> {
            ScriptedAgent agent = server.agent("agent-" + i);
            agent.register();
            sessions.add(agent.session());
        });
        ListAgentsResponse first = server.admin()
                .listAgents(ListAgentsRequest.newBuilder().setPageSize(3).build());
        ListAgentsResponse second = server.admin()
                .listAgents(ListAgentsRequest.newBuilder()
                        .setPageSize(3)
                        .setPageToken(first.getNextPageToken())
                        .build());

        assertThat(second.getNextPageToken()).isEmpty();
        assertThat(first.getAgentsList()).hasSize(3);
        assertThat(IntStream.range(0, 5)
                        .mapToObj(i -> (i < 3 ? first.getAgents(i) : second.getAgents(i - 3)).getSessionId()))
                .containsExactlyElementsOf(sessions);
        assertThatThrownBy(() -> server.admin()
                        .listAgents(
                                ListAgentsRequest.newBuilder().setPageSize(-1).build()))
                .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("MALFORMED"));
        assertThatThrownBy(() -> server.admin()
                        .listAgents(
                                ListAgentsRequest.newBuilder().setPageToken("!").build()))
                .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("MALFORMED"));
    }

    @Test
    void anAgentThatIsDisconnectedLosesItsTasksAndMayComeBackAtOnce() {
        ana.register(awake("a"));
        InferProbe running = server.infer("a");

        disconnect(ana.session());

        assertThat(ana.endedWith()).isEqualTo("DISCONNECTED");
        assertThat(Status.fromThrowable(ana.error()).getCode()).isEqualTo(Status.Code.ABORTED);
        assertThat(running.reason()).isEqualTo("AGENT_LOST");
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("a").getStatusReason()).contains("operator");
        server.reconnect(ana).register(awake("a"));
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void disconnectingWhoIsAwayDoesNothingAndWhoIsUnknownIsMalformed() {
        ana.register(awake("a"));
        ana.cut();

        disconnect(ana.session());

        for (String unknown : List.of("s-unknown", "", "x".repeat(65))) {
            assertThatThrownBy(() -> disconnect(unknown))
                    .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("MALFORMED"));
        }
    }

    @Test
    void oneBackupAtATimeIsMade() {
        server.blocking().hold();
        Probe<BackupResponse> first = new Probe<>(
                10,
                ears -> AdminServiceGrpc.newStub(server.channel()).backup(BackupRequest.getDefaultInstance(), ears));
        assertThatThrownBy(() -> server.admin()
                        .backup(BackupRequest.getDefaultInstance())
                        .forEachRemaining(piece -> {}))
                .satisfies(refused -> assertThat(Problems.reason(refused)).isEqualTo("OVERLOADED"));
        server.blocking().letGo();

        assertThat(first.reason()).as("its database is in memory").isEqualTo("MALFORMED");
        assertThatThrownBy(() -> server.admin()
                        .backup(BackupRequest.getDefaultInstance())
                        .forEachRemaining(piece -> {}))
                .satisfies(refused -> assertThat(Problems.reason(refused)).isEqualTo("MALFORMED"));
        assertThat(Dump.of(server.database()).split("'backup', 'main'", -1))
                .as("a row each in the audit")
                .hasSize(3);
    }
}
