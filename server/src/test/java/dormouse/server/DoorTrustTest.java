package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.CreateTokenResponse;
import dormouse.v1.Infer;
import dormouse.v1.Role;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Failures 6 and 24 at the HTTP door, as its clients see them. */
class DoorTrustTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String ASK = "{\"model\":\"qwen3\",\"stream\":true}";

    private final DoorHarness door = DoorHarness.start("auth.mode=token", "auth.openMetrics=true");
    private final Harness server = door.harness();
    private final CreateTokenResponse client = server.made(Role.ROLE_CLIENT, null);
    private final ScriptedAgent agent = server.as(server.token(Role.ROLE_AGENT)).agent("ana");

    @AfterEach
    void close() {
        door.close();
    }

    private String bearer() {
        return "authorization: Bearer " + client.getSecret();
    }

    private WireClient get(String path, String... headers) {
        return door.client()
                .send("GET " + path + " HTTP/1.1\r\nhost: x\r\n" + String.join("\r\n", headers)
                        + (headers.length == 0 ? "" : "\r\n") + "\r\n");
    }

    private Infer asked() {
        org.awaitility.Awaitility.await().until(() -> !agent.infers().isEmpty());
        return agent.infers().get(0);
    }

    @Test
    @DisplayName("failure 6: who shows no good token reads how to, in the shape of errors that its client knows")
    void withoutAToken() {
        WireClient.Answer answer = door.client().post(PATH, ASK).answer();
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.head().header("www-authenticate")).isEqualTo("Bearer");
        assertThat(answer.text()).contains("\"code\":\"unauthenticated\"", "authorization: Bearer dmt_");
        WireClient.Answer anthropic = door.client()
                .post("/v1/messages", ASK, "x-api-key: dmt_nonsense")
                .answer();
        assertThat(anthropic.status()).isEqualTo(401);
        assertThat(anthropic.text()).contains("\"type\":\"authentication_error\"");
    }

    @Test
    void aTokenMayStandWhereClientsOfAnthropicPutTheirKeys() {
        agent.register(ScriptedAgent.awake("qwen3"));
        WireClient asking = door.client().post("/v1/messages", ASK, "x-api-key: " + client.getSecret());
        agent.answer(asked(), "{}");
        assertThat(asking.answer().text()).isEqualTo("{}");
    }

    @Test
    void openMetricsAreForEverybodyAndWithoutTheNamesNobodyAskedFor() {
        WireClient.Answer metrics = get("/metrics").answer();
        assertThat(metrics.status()).isEqualTo(200);
        assertThat(metrics.text()).contains("dormouse_tasks_active");
        assertThat(get("/api/llms").answer().status()).isEqualTo(401);
    }

    @Test
    @DisplayName("failure 24: events end when the token is revoked, and can't be had again")
    void eventsEnd() {
        agent.register(ScriptedAgent.awake("qwen3"));
        WireClient watch = get("/api/events", bearer());
        watch.until("event: snapshot_end");

        server.revoke(client.getToken().getId());

        assertThat(watch.until("event: ended")).doesNotContain("qwen3");
        assertThat(watch.until("}")).contains("unauthenticated");
        assertThat(get("/api/events", bearer()).answer().status()).isEqualTo(401);
    }

    @Test
    @DisplayName("failure 24: an answer that has begun ends with an error frame, one that has not with 401")
    void answersEnd() {
        agent.register(ScriptedAgent.awake("qwen3"));
        WireClient begun = door.client().post(PATH, ASK, bearer());
        Infer task = asked();
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: {\"n\":1}\n\n");
        begun.until("{\"n\":1}");
        WireClient silent = door.client().post(PATH, ASK, bearer());
        org.awaitility.Awaitility.await().until(() -> agent.infers().size() == 2);

        server.revoke(client.getToken().getId());

        assertThat(begun.until("}}"))
                .contains("data: {\"error\":{", "unauthenticated")
                .doesNotContain("[DONE]");
        assertThat(silent.answer().status()).isEqualTo(401);
        assertThat(agent.cancelled())
                .contains(task.getTaskId(), agent.infers().get(1).getTaskId());
        door.awaitNothingLeft();
    }

    @Test
    @DisplayName("failure 24: a token that is revoked while its request's body comes reaches no agent")
    void aBodyComesToNothing() {
        agent.register(ScriptedAgent.awake("qwen3"));
        WireClient asking = door.client();
        asking.send("POST " + PATH + " HTTP/1.1\r\nhost: box\r\n" + bearer()
                + "\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: " + ASK.length()
                + "\r\n\r\n");
        assertThat(asking.head().status()).isEqualTo(100);

        server.revoke(client.getToken().getId());
        asking.send(ASK);

        assertThat(asking.answer().status()).isEqualTo(401);
        assertThat(agent.infers()).isEmpty();
        door.awaitNothingLeft();
    }
}
