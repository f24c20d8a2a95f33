package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.Role;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** No secret is in a log, an error or the database, and who did what is: what was used is looked for everywhere. */
class SecretsStayTest {
    private static final String UNKNOWN = "dmt_" + "U".repeat(43);

    @Test
    void whatWasUsedIsNowhereAndWhoDidWhatIsInTheAudit() throws IOException {
        List<String> secrets = new ArrayList<>(List.of(UNKNOWN));
        List<String> errors = new ArrayList<>();
        String tables;
        String log;
        CreateTokenResponse client;
        CreateTokenResponse agents;
        try (HeardLog heard = new HeardLog();
                DoorHarness door = DoorHarness.start("auth.mode=token")) {
            Harness server = door.harness();
            client = server.made(Role.ROLE_CLIENT, null, "qwen3");
            agents = server.made(Role.ROLE_AGENT, null);
            secrets.addAll(List.of(server.firstToken(), client.getSecret(), agents.getSecret()));
            ScriptedAgent agent = server.as(agents.getSecret()).agent("ana");
            agent.register(ScriptedAgent.sleepable("qwen3"));
            secrets.add(agent.token().toStringUtf8());
            ScriptedAgent wrong = server.agent("eve").session(agent.session(), ByteString.copyFromUtf8("0".repeat(64)));
            wrong.ask(ScriptedAgent.awake("qwen3"));
            errors.add(String.valueOf(wrong.error()));
            for (String secret : new String[] {UNKNOWN, client.getSecret() + "x"}) {
                errors.add(refusal(server, secret));
                errors.add(door.client()
                        .post("/v1/chat/completions", "{}", "authorization: Bearer " + secret)
                        .answer()
                        .text());
                errors.add(door.client()
                        .post("/v1/chat/completions", "{}", "x-api-key: " + secret)
                        .answer()
                        .text());
            }
            server.as(client.getSecret()).sleep("qwen3");
            agent.rested(agent.sleeps().get(0));
            server.wake("qwen3").cancel();
            server.revoke(client.getToken().getId());
            errors.add(refusal(server, client.getSecret()));
            server.as(server.firstToken());
            errors.add(server.admin()
                    .listTokens(ListTokensRequest.getDefaultInstance())
                    .toString());
            try {
                server.llms()
                        .deleteLlm(
                                DeleteLlmRequest.newBuilder().setName("qwen3").build());
            } catch (StatusRuntimeException e) {
                errors.add(String.valueOf(e.getMessage()));
            }
            server.advance(Duration.ofMinutes(6));
            tables = Dump.of(server.database());
            log = heard.text();
        }
        for (String secret : secrets) {
            assertThat(tables).doesNotContain(secret).doesNotContain(secret.substring(4));
            assertThat(log).doesNotContain(secret).doesNotContain(secret.substring(4));
            assertThat(errors).isNotEmpty().noneMatch(error -> error.contains(secret.substring(4)));
        }
        assertThat(log).contains("a caller was not let in");
        String id = client.getToken().getId();
        assertThat(tables)
                .contains("'admin-1', 'token.create', '" + id + "', 'CLIENT for qwen3: test'")
                .contains("'server', 'token.create', 'admin-1'")
                .contains("'admin-1', 'token.revoke', '" + id + "'")
                .contains("'" + id + "', 'llm.sleep', 'qwen3'")
                .contains("'" + id + "', 'llm.wake', 'qwen3'")
                .contains("'auth.failed', 'in-process', 'an unknown token'")
                .contains("'auth.failed', '127.0.0.1', 'an unknown token'")
                .contains("'" + id + "', 'auth.failed', 'in-process', 'the token was revoked'");
    }

    private static String refusal(Harness server, String secret) {
        try {
            return server.as(secret).llm("qwen3").toString();
        } catch (StatusRuntimeException e) {
            return e + " " + e.getTrailers();
        }
    }

    @Test
    void strangersWhoTryAThousandTimesHaveAFewRowsAndWhatIsOldIsForgotten() {
        try (Harness server = Harness.start("auth.mode=token", "auth.auditRetention=1m")) {
            for (int i = 0; i < 1000; i++) {
                assertThat(server.as(UNKNOWN).watch(0).reason()).isEqualTo("UNAUTHENTICATED");
            }
            assertThat(rows(server)).isEqualTo(20);
            server.advance(Duration.ofMinutes(1));
            server.watch(0);
            assertThat(rows(server)).isEqualTo(21);
            assertThat(Dump.of(server.database())).contains("an unknown token; 980 more before it");
            server.advance(Duration.ofMinutes(61));
            assertThat(rows(server)).isZero();
        }
    }

    private static int rows(Harness server) {
        return Dump.of(server.database()).split("'auth.failed'", -1).length - 1;
    }
}
