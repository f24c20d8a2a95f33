package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.HeartbeatAck;
import dormouse.v1.LlmEvent.Type;
import dormouse.v1.LlmStatus;
import dormouse.v1.ServerMessage;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A database that is gone for a while, and commits whose replies are lost. Failure list: 22. */
class StoreFaultsTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        ShownAndSaved.compareAndClose(server);
    }

    private LlmStatus status(String llm) {
        return server.llm(llm).getStatus();
    }

    private List<Type> history(String llm) {
        return ShownAndSaved.history(server, llm);
    }

    @Test
    void whileTheDatabaseIsGoneWhatRunsGoesOnAndNewInfersToo() {
        ana.register(awake("a"));
        InferProbe running = server.infer("a");
        server.stores().away();

        ana.head(ana.infers().get(0), 200, "text/plain");
        ana.chunk(ana.infers().get(0), 0, "one ");
        server.advance(Duration.ofSeconds(20));
        ana.chunk(ana.infers().get(0), 4, "two");
        ana.end(ana.infers().get(0), 7);
        InferProbe fresh = server.infer("a");
        ana.answer(ana.infers().get(1), "fresh");

        assertThat(running.text()).isEqualTo("one two");
        assertThat(running.completed()).isTrue();
        assertThat(fresh.text()).isEqualTo("fresh");
    }

    @Test
    void whileTheDatabaseIsGoneHeartbeatsAreAcknowledgedAndNobodyFallsSilent() {
        ana.register(awake("a"));
        server.stores().away();
        for (int i = 0; i < 10; i++) {
            server.advance(Duration.ofSeconds(30));
            ana.heartbeat();
        }
        server.stores().back();
        server.advance(Duration.ofSeconds(20));

        assertThat(ana.heard().stream()
                        .filter(ServerMessage::hasHeartbeatAck)
                        .map(ServerMessage::getHeartbeatAck)
                        .map(HeartbeatAck::getSeq))
                .containsExactlyElementsOf(LongStream.rangeClosed(1, 10).boxed().toList());
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(history("a")).containsExactly(Type.TYPE_REGISTERED);
    }

    @Test
    void whileTheDatabaseIsGoneNobodyCanRegisterAndEverybodyIsToldToComeBack() {
        server.stores().away();
        ana.ask(awake("a"));

        assertThat(ana.endedWith()).isEqualTo("STORE_UNAVAILABLE");
        assertThat(Status.fromThrowable(ana.error()).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(ana.retryAfter()).isNotNull();
        server.stores().back();
        server.advance(ana.retryAfter());
        assertThat(Grants.of(server.reconnect(ana).register(awake("a")))).containsExactly("a CREATED");
    }

    @Test
    void anAttachedAgentThatRegistersAgainIsAnsweredWhenTheDatabaseIsBackAndItsTasksGoOn() {
        ana.register(awake("a"), awake("b"));
        InferProbe running = server.infer("a");
        server.stores().away();
        ana.ask(awake("a"), awake("c"));
        ana.ask(awake("a"), awake("d")); // the latest counts
        server.advance(Duration.ofSeconds(20));
        assertThat(ana.open()).isTrue();

        server.stores().back();
        server.advance(Duration.ofSeconds(1));

        ana.answer(ana.infers().get(0), "well");
        assertThat(running.text()).isEqualTo("well");
        assertThat(Grants.of(ana.last(ServerMessage::hasRegistered).getRegistered()))
                .containsExactly("a REACTIVATED", "d REACTIVATED");
        assertThat(ana.heard().stream().filter(ServerMessage::hasRegistered)).hasSize(3);
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(history("d")).containsExactly(Type.TYPE_REGISTERED);
    }

    @Test
    void aDisconnectIsMadeUpForWhenTheDatabaseIsBack() {
        ana.register(awake("a"));
        InferProbe running = server.infer("a");
        server.stores().away();
        ana.cut();
        assertThat(server.infer("a").reason()).isEqualTo("AGENT_LOST");
        server.advance(Duration.ofSeconds(20));
        assertThat(running.reason()).isEqualTo("AGENT_LOST");

        server.stores().back();
        server.advance(Duration.ofSeconds(1));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(history("a")).containsExactly(Type.TYPE_DEACTIVATED, Type.TYPE_REGISTERED);
    }

    @Test
    void aDisconnectIsForgottenWhereItsAgentIsBackBeforeTheDatabase() {
        ana.register(awake("a"));
        server.stores().away();
        ana.cut();
        server.advance(Duration.ofMillis(1500));
        server.stores().back();

        server.reconnect(ana).register(awake("a"));
        server.advance(Duration.ofSeconds(5));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(history("a")).containsExactly(Type.TYPE_REGISTERED);
    }

    @Test
    void aGoodbyeAndAReportAreMadeUpForWhenTheDatabaseIsBack() {
        ana.register(awake("a"));
        ScriptedAgent bob = server.agent("bob");
        bob.register(awake("b"));
        server.stores().away();
        ana.goodbye();
        bob.heartbeat("b", LlmStatus.LLM_STATUS_INACTIVE);
        bob.heartbeat("b", LlmStatus.LLM_STATUS_HIBERNATING); // the latest counts
        server.advance(Duration.ofSeconds(20));

        server.stores().back();
        server.advance(Duration.ofSeconds(1));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("a").getStatusReason()).contains("goodbye");
        assertThat(status("b")).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(history("b")).containsExactly(Type.TYPE_BACKEND_DOWN, Type.TYPE_REGISTERED);
    }

    @Test
    void aGoodbyeIsForgottenWhereItsAgentRegistersAgainBeforeTheDatabaseIsBack() {
        ana.register(awake("a"));
        server.stores().away();
        ana.goodbye();
        server.advance(Duration.ofMillis(1500));
        server.stores().back();

        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(5));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void theResultOfAWakeIsMadeUpForWhenTheDatabaseIsBack() {
        ana.register(asleep("a"), asleep("b"));
        InferProbe a = server.infer("a");
        InferProbe b = server.infer("b");
        server.stores().away();
        ana.awake(ana.wakes().get(0));
        ana.wakeFails(ana.wakes().get(1), "no");
        server.advance(Duration.ofSeconds(20));
        assertThat(a.over() || b.over()).isFalse();

        server.stores().back();
        server.advance(Duration.ofSeconds(1));

        ana.answer(ana.infers().get(0), "late but well");
        assertThat(a.text()).isEqualTo("late but well");
        assertThat(b.reason()).isEqualTo("WAKE_FAILED");
        assertThat(b.retryAfter()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void aWakeThatTimesOutWhileTheDatabaseIsGoneIsToldWhenItIsBack() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        server.stores().away();
        for (int i = 0; i < 4; i++) {
            server.advance(Duration.ofSeconds(20));
            ana.heartbeat();
        }

        server.stores().back();
        server.advance(Duration.ofSeconds(1));

        assertThat(infer.reason()).isEqualTo("WAKE_TIMEOUT");
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void theSweepGoesOnAfterTheDatabaseWasGone() {
        ana.register(awake("a"));
        server.stores().away();
        server.advance(Duration.ofSeconds(120));
        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE); // nothing is shown that is not on disk
        server.stores().back();

        server.advance(Duration.ofSeconds(15));

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void aStoreThatIsAwayIsNotAskedByEverybody() {
        ScriptedAgent[] agents = new ScriptedAgent[50];
        for (int i = 0; i < agents.length; i++) {
            agents[i] = server.agent("agent-" + i);
            agents[i].register(awake("n" + i));
        }
        server.stores().away();
        int calls = server.stores().calls();
        for (ScriptedAgent agent : agents) {
            agent.cut();
            server.agent("late").ask(awake("late"));
        }

        server.advance(Duration.ofSeconds(10));

        assertThat(server.stores().calls() - calls).isBetween(10, 25); // each takes seconds where it is really away
        server.stores().back();
        server.advance(Duration.ofSeconds(2));
        assertThat(status("n0")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(status("n49")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void aServerThatGoesDownWhileTheDatabaseIsGoneFindsItsRowsAtTheNextStart() {
        ana.register(awake("a"));

        server.kill();

        assertThat(status("a")).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(Grants.of(server.reconnect(ana).register(awake("a")))).containsExactly("a REACTIVATED");
    }
}
