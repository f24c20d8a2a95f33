package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.LlmStatus;
import java.time.Duration;
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
        server.advance(Duration.ofMillis(500));
        server.stores().back();
        agent.goodbye();

        server.advance(Duration.ofSeconds(2));
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
}
