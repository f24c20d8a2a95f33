package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dormouse.v1.AgentMessage;
import dormouse.v1.Goodbye;
import dormouse.v1.LlmStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An agent that leaves, and one that thinks better of it. */
class LeavingTest {
    private final Harness server = Harness.start();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void anAgentThatRegistersAfterItsGoodbyeStaysAndMaySayGoodbyeAgain() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        agent.goodbye();
        agent.register(ScriptedAgent.awake("qwen3"));
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);

        agent.goodbye();
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void aGoodbyeThatComesBeforeTheRegistrationIsSavedCounts() {
        ScriptedAgent agent = server.agent("ana");
        server.lane().hold();
        agent.ask(ScriptedAgent.awake("qwen3"));
        agent.goodbye();
        server.lane().letGo();
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("qwen3").getStatusReason()).contains("goodbye");
    }

    @Test
    void aGoodbyeIsNotOvertakenByARegisterThatHadToWaitForTheDatabase() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        server.stores().away();
        agent.ask(ScriptedAgent.awake("qwen3"), ScriptedAgent.awake("llama"));
        server.advance(java.time.Duration.ofMillis(500));
        server.stores().back();
        agent.goodbye();

        server.advance(java.time.Duration.ofSeconds(2));
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("llama").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void anAgentThatHasStayedIsFencedOffByItsNextStream() {
        ScriptedAgent stays = server.agent("ana");
        stays.register(ScriptedAgent.awake("qwen3"));
        stays.goodbye();
        stays.register(ScriptedAgent.awake("qwen3"));

        ScriptedAgent next = server.agent("ana").sameAs(stays);
        next.register(ScriptedAgent.awake("qwen3"));
        assertThat(stays.endedWith()).isEqualTo("SESSION_FENCED");
    }

    @Test
    void whoIsNotGoneWhenItSaidIsLetGoWithItsTasks() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        InferProbe infer = server.infer("qwen3");
        agent.send(AgentMessage.newBuilder()
                .setGoodbye(Goodbye.newBuilder().setWithin(Duration.newBuilder().setSeconds(10))));

        server.advance(java.time.Duration.ofSeconds(11));
        assertThat(infer.over()).as("a moment for its last messages").isFalse();
        server.advance(java.time.Duration.ofSeconds(2));
        assertThat(agent.endedWith()).isEqualTo("AGENT_LOST");
        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
    }

    @Test
    void whoThinksBetterOfLeavingIsNotLetGo() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        agent.goodbye();
        agent.register(ScriptedAgent.awake("qwen3"));

        server.advance(java.time.Duration.ofSeconds(50));
        agent.heartbeat();
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void theAlarmOfAGoodbyeEndsWithItsStreamWhoeverEndsIt() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        ScriptedAgent next = server.agent("ana").sameAs(agent);
        next.register(ScriptedAgent.awake("qwen3"));
        int alarms = server.time().alarms();

        next.send(AgentMessage.newBuilder()
                .setGoodbye(Goodbye.newBuilder().setWithin(Duration.newBuilder().setSeconds(3600))));
        assertThat(server.time().alarms()).isEqualTo(alarms + 1);
        next.register(ScriptedAgent.awake("qwen3"));
        server.agent("ana").sameAs(next).register(ScriptedAgent.awake("qwen3"));

        assertThat(next.endedWith()).isEqualTo("SESSION_FENCED");
        assertThat(server.time().alarms()).isLessThanOrEqualTo(alarms);
    }

    @Test
    void whoDoesNotRegisterIsLetGoAfterTenSeconds() {
        ScriptedAgent silent = server.agent("ana");
        server.advance(java.time.Duration.ofMillis(9_900));
        assertThat(silent.open()).isTrue();
        server.advance(java.time.Duration.ofMillis(200));
        assertThat(silent.endedWith()).isEqualTo("MALFORMED");
        assertThat(silent.error()).hasMessageContaining("no Register within 10 s");
    }

    @Test
    void aRegisterThatWaitsForTheDatabaseHasComeInTime() {
        ScriptedAgent agent = server.agent("ana");
        server.lane().hold();
        agent.ask(ScriptedAgent.awake("qwen3"));
        server.advance(java.time.Duration.ofSeconds(11));
        server.lane().letGo();
        assertThat(agent.open()).isTrue();
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void theAlarmOfAStreamThatNeverRegisteredEndsWithIt() {
        int alarms = server.time().alarms();
        ScriptedAgent cut = server.agent("ana");
        cut.cut();
        ScriptedAgent completed = server.agent("bob");
        completed.complete();
        ScriptedAgent wrong = server.agent("eve");
        wrong.heartbeat();
        assertThat(wrong.endedWith()).isEqualTo("MALFORMED");
        assertThat(server.time().alarms()).isEqualTo(alarms);
    }
}
