package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.Role;
import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What one client may take: so many tasks at a time, and so many calls in a second. */
class TokenLimitsTest {
    @Test
    void aTokenHasSoManyTasksAtATimeAndTheNextIsRefusedBeforeItsBodyIsLookedAt() {
        try (Harness server = Harness.start("auth.mode=token", "limits.tasksPerClient=2")) {
            ScriptedAgent agent = server.as(server.token(Role.ROLE_AGENT)).agent("ana");
            agent.register(ScriptedAgent.awake("qwen3"));
            String client = server.token(Role.ROLE_CLIENT);
            String other = server.token(Role.ROLE_CLIENT);
            server.as(client);
            server.infer("qwen3");
            InferProbe second = server.infer("qwen3");

            InferProbe third = server.infer("no name at all\n");
            assertThat(third.reason()).isEqualTo("RATE_LIMITED");
            assertThat(third.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(third.retryAfter()).isPositive();
            assertThat(third.message()).contains("limits.tasksPerClient");
            assertThat(server.as(other).infer("qwen3").over()).isFalse();

            server.as(client);
            agent.answer(agent.infers().get(0), "{}");
            assertThat(server.infer("qwen3").over()).isFalse();
            assertThat(server.infer("qwen3").reason()).isEqualTo("RATE_LIMITED");
            second.cancel();
            assertThat(server.infer("qwen3").over()).isFalse();
        }
    }

    @Test
    void withoutTokensAnAddressHasSoMany() {
        try (Harness server = Harness.start("limits.tasksPerClient=2")) {
            ScriptedAgent agent = server.agent("ana");
            agent.register(ScriptedAgent.awake("qwen3"));
            InferProbe first = server.infer("qwen3");
            server.infer("qwen3");
            assertThat(server.infer("qwen3").reason()).isEqualTo("RATE_LIMITED");
            first.cancel();
            assertThat(server.infer("qwen3").over()).isFalse();
        }
    }

    @Test
    void theHttpDoorCountsTheSame() {
        try (DoorHarness server = DoorHarness.start("limits.tasksPerClient=1")) {
            server.agent().register(ScriptedAgent.awake("qwen3"));
            server.client().post("/v1/chat/completions", "{\"model\":\"qwen3\"}");
            server.asked();
            WireClient second = server.client();
            second.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n");
            WireClient.Answer answer = second.answer();
            assertThat(answer.status()).isEqualTo(429);
            assertThat(answer.head().header("retry-after")).isEqualTo("1");
            assertThat(answer.text()).contains("\"rate_limited\"");
        }
    }

    @Test
    void callsOfATokenAreBoundedBySecond() {
        try (Harness server = Harness.start("auth.mode=token", "limits.requestsPerSecond=5")) {
            server.time().advance(Duration.ofSeconds(10));
            String client = server.token(Role.ROLE_CLIENT);
            server.as(client);
            for (int i = 0; i < 5; i++) {
                assertThat(server.infer("nobody").reason()).isEqualTo("LLM_NOT_FOUND");
            }
            InferProbe refused = server.infer("nobody");
            assertThat(refused.reason()).isEqualTo("RATE_LIMITED");
            assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(200));
            server.advance(Duration.ofMillis(200));
            assertThat(server.infer("nobody").reason()).isEqualTo("LLM_NOT_FOUND");
            assertThat(server.infer("nobody").reason()).isEqualTo("RATE_LIMITED");
        }
    }
}
