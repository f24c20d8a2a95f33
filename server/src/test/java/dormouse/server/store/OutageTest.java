package dormouse.server.store;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.server.InferProbe;
import dormouse.server.RealServer;
import dormouse.server.ScriptedAgent;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.Infer;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.LlmStatus;
import dormouse.v1.ServerMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A whole server on a PostgreSQL that goes away and comes back, with real threads, sockets and time. Failure list: 22. */
class OutageTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    private Wire wire;
    private RealServer server;

    @BeforeEach
    void start() throws Exception {
        String direct = Engine.POSTGRESQL.url(Path.of("unused"));
        int port = Engine.postgres().getPort();
        wire = new Wire(port);
        server = RealServer.start(
                "database.url=" + direct.replace(":" + port, ":" + wire.port()) + "?prepareThreshold=0",
                "database.user=postgres",
                "lifecycle.sweepInterval=1s");
    }

    @AfterEach
    void close() throws Exception {
        wire.mend();
        server.close();
        wire.close();
    }

    private ScriptedAgent registered(String name, dormouse.v1.LlmOffer... offers) {
        ScriptedAgent agent = server.agent(name);
        agent.ask(offers);
        await().atMost(SOON).until(() -> agent.heard().stream().anyMatch(ServerMessage::hasRegistered));
        return agent;
    }

    private LlmStatus status(String llm) {
        return LlmServiceGrpc.newBlockingStub(server.channel())
                .getLlm(GetLlmRequest.newBuilder().setName(llm).build())
                .getStatus();
    }

    private void answer(ScriptedAgent agent, InferProbe infer, String text) {
        await().atMost(SOON).until(() -> !agent.infers().isEmpty());
        List<Infer> infers = agent.infers();
        agent.answer(infers.get(infers.size() - 1), text);
        await().atMost(SOON).until(infer::over);
        assertThat(infer.text()).isEqualTo(text);
    }

    @Test
    void what_runs_goes_on_what_would_change_a_row_is_refused_or_made_up_for() {
        ScriptedAgent ana = registered("ana", awake("a"), asleep("b"));
        List<ScriptedAgent> leavers = IntStream.range(0, 20)
                .mapToObj(i -> registered("leaver-" + i, awake("n" + i)))
                .toList();
        InferProbe running = server.infer("a", "chat/completions");
        await().atMost(SOON).until(() -> ana.infers().size() == 1);
        wire.cut();
        leavers.forEach(ScriptedAgent::cut);

        InferProbe asleep = server.infer("b", "chat/completions");
        ScriptedAgent newcomer = server.agent("newcomer");
        newcomer.ask(awake("c"));
        ana.heartbeat();
        answer(ana, running, "to the end");
        InferProbe fresh = server.infer("a", "chat/completions");
        await().atMost(SOON).until(() -> ana.infers().size() == 2);
        answer(ana, fresh, "fresh");
        await().atMost(SOON).until(() -> ana.heard().stream().anyMatch(ServerMessage::hasHeartbeatAck));
        await().atMost(SOON).until(() -> !newcomer.open() && asleep.over());
        assertThat(newcomer.endedWith()).isEqualTo("STORE_UNAVAILABLE");
        assertThat(newcomer.retryAfter()).isNotNull();
        assertThat(asleep.reason()).isEqualTo("STORE_UNAVAILABLE");
        assertThat(ana.wakes()).isEmpty();
        wire.mend();

        await().atMost(SOON)
                .until(() -> IntStream.range(0, 20).allMatch(i -> status("n" + i) == LlmStatus.LLM_STATUS_INACTIVE));
        ScriptedAgent again = registered("newcomer", awake("c"));
        assertThat(again.open()).isTrue();
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void a_registration_whose_commit_is_not_confirmed_can_be_made_again() {
        ScriptedAgent ana = registered("ana", awake("a"));
        wire.cutAfterCommit();
        ana.ask(awake("a"), awake("b"));
        await().atMost(SOON).until(() -> ana.open() && wire.isCut());
        wire.mend();

        await().atMost(SOON)
                .until(() -> ana.heard().stream()
                                .filter(ServerMessage::hasRegistered)
                                .count()
                        == 2);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }
}
