package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.Infer;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmGrant;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import dormouse.v1.Role;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.Token;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** product.md, "Security", and rules 3 and 4: whose token it is decides what there is, and for how long. */
class TrustTest {
    private final Harness server = Harness.start("auth.mode=token");

    @AfterEach
    void close() {
        server.close();
    }

    private String refusal(String secret) {
        try {
            server.as(secret).llms().listLlms(ListLlmsRequest.getDefaultInstance());
            return "";
        } catch (StatusRuntimeException e) {
            return Problems.reason(e);
        }
    }

    private ScriptedAgent agent(String secret, String name) {
        return server.as(secret).agent(name);
    }

    private Llm row(String name) {
        return server.as(server.firstToken()).llm(name);
    }

    @Test
    @DisplayName("failure 6: a token that is wrong, no token at all, cut short, or with another's end opens nothing")
    void aWrongToken() {
        String good = server.token(Role.ROLE_CLIENT);
        String other = server.token(Role.ROLE_CLIENT);
        assertThat(refusal(good)).isEmpty();
        for (String wrong : new String[] {
            "dmt_" + "A".repeat(43),
            "hello",
            "",
            good.substring(0, good.length() - 1),
            good + "A",
            good.substring(4),
            good.substring(0, 24) + other.substring(24),
            good.toUpperCase(java.util.Locale.ROOT)
        }) {
            assertThat(refusal(wrong)).as(wrong).isEqualTo("UNAUTHENTICATED");
            ScriptedAgent agent = agent(wrong, "ana");
            assertThat(agent.endedWith()).as(wrong).isEqualTo("UNAUTHENTICATED");
        }
        assertThat(refusal(null)).isEqualTo("UNAUTHENTICATED");
    }

    @Test
    @DisplayName("failure 6: a token that expires opens nothing any more, and what is open with it ends")
    void anExpiredToken() {
        CreateTokenResponse agents = server.made(Role.ROLE_AGENT, Duration.ofMinutes(5));
        String client = server.made(Role.ROLE_CLIENT, Duration.ofMinutes(5)).getSecret();
        ScriptedAgent agent = agent(agents.getSecret(), "ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        Probe<LlmEvent> watch = server.as(client).watch(0);

        server.advance(Duration.ofSeconds(299));
        agent.heartbeat();
        assertThat(refusal(client)).isEmpty();
        assertThat(agent.open()).isTrue();
        server.advance(Duration.ofSeconds(2));

        assertThat(refusal(client)).isEqualTo("UNAUTHENTICATED");
        assertThat(watch.reason()).isEqualTo("UNAUTHENTICATED");
        assertThat(agent.endedWith()).isEqualTo("UNAUTHENTICATED");
        assertThat(row("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(agent(agents.getSecret(), "ana").endedWith()).isEqualTo("UNAUTHENTICATED");
    }

    @Test
    @DisplayName("failure 6: a session and its resume token, replayed with another's credential, resume nothing")
    void aReplayedSession() {
        String ana = server.token(Role.ROLE_AGENT);
        String thief = server.token(Role.ROLE_AGENT);
        ScriptedAgent agent = agent(ana, "ana");
        agent.register(ScriptedAgent.awake("qwen3"));

        ScriptedAgent replay = agent(thief, "ana").session(agent.session(), agent.token());
        replay.ask(ScriptedAgent.awake("qwen3"));

        assertThat(replay.endedWith()).isEqualTo("SESSION_FORBIDDEN");
        assertThat(agent.open()).isTrue();
        assertThat(row("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);

        ScriptedAgent guess = agent(ana, "ana").session(agent.session(), ByteString.copyFromUtf8("00"));
        guess.ask(ScriptedAgent.awake("qwen3"));
        assertThat(guess.endedWith()).isEqualTo("SESSION_FORBIDDEN");

        agent.cut();
        ScriptedAgent back = agent(ana, "ana").session(agent.session(), agent.token());
        assertThat(back.register(ScriptedAgent.awake("qwen3")).getResumed()).isTrue();
    }

    @Test
    @DisplayName("failure 6: a token of another role is foreign to the call")
    void aForeignToken() {
        assertThat(refusal(server.token(Role.ROLE_AGENT))).isEqualTo("FORBIDDEN");
        assertThat(agent(server.token(Role.ROLE_CLIENT), "ana").endedWith()).isEqualTo("FORBIDDEN");
    }

    @Test
    @DisplayName("failure 24: an agent's token is revoked mid-stream: the stream and its tasks end at once")
    void anAgentsTokenIsRevoked() {
        CreateTokenResponse agents = server.made(Role.ROLE_AGENT, null);
        ScriptedAgent agent = agent(agents.getSecret(), "ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        InferProbe client = server.as(server.firstToken()).infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, "half");

        server.revoke(agents.getToken().getId());

        assertThat(agent.endedWith()).isEqualTo("UNAUTHENTICATED");
        assertThat(row("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        server.advance(Duration.ofSeconds(15)); // whatever grace a lost stream has
        assertThat(client.text()).isEqualTo("half");
        assertThat(client.reason()).isEqualTo("AGENT_LOST");
        assertThat(agent(agents.getSecret(), "ana").endedWith()).isEqualTo("UNAUTHENTICATED");
    }

    @Test
    @DisplayName("failure 24: a client's token is revoked mid-stream: its infers, watches and wakes end, nobody else's")
    void aClientsTokenIsRevoked() {
        ScriptedAgent agent = agent(server.token(Role.ROLE_AGENT), "ana");
        agent.register(ScriptedAgent.awake("qwen3"), ScriptedAgent.asleep("phi"));
        CreateTokenResponse client = server.made(Role.ROLE_CLIENT, null);
        String other = server.token(Role.ROLE_CLIENT);
        server.as(client.getSecret());
        InferProbe running = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, "half");
        InferProbe waking = server.infer("phi");
        Probe<LlmEvent> watch = server.watch(0);
        var wake = server.wake("phi");
        server.as(other);
        Probe<LlmEvent> others = server.watch(0);
        InferProbe waiting = server.infer("phi");
        assertThat(server.server().visits()).isEqualTo(7);

        server.revoke(client.getToken().getId());

        assertThat(running.reason()).isEqualTo("UNAUTHENTICATED");
        assertThat(running.text()).isEqualTo("half");
        assertThat(agent.cancelled()).contains(task.getTaskId());
        assertThat(waking.reason()).isEqualTo("UNAUTHENTICATED");
        assertThat(watch.reason()).isEqualTo("UNAUTHENTICATED");
        assertThat(wake.reason()).isEqualTo("UNAUTHENTICATED");
        assertThat(others.open()).isTrue();
        assertThat(waiting.over()).isFalse();
        assertThat(refusal(client.getSecret())).isEqualTo("UNAUTHENTICATED");
        server.revoke(client.getToken().getId()); // twice does no harm

        agent.awake(agent.wakes().get(0));
        agent.answer(agent.infers().get(1), "{}");
        assertThat(waiting.completed()).isTrue();
        others.cancel();
        agent.complete();
        assertThat(server.server().visits())
                .as("nothing is kept of calls that are over")
                .isZero();
    }

    @Test
    void aNameThatAnAgentMayNotPublishIsRefusedAloneAndSoIsAPool() {
        ScriptedAgent agent = agent(server.token(Role.ROLE_AGENT, "team-a/*", "shared"), "ana");
        Registered answer = agent.register(
                ScriptedAgent.awake("team-a/one"),
                ScriptedAgent.awake("team-b/one"),
                inPool("team-a/two", "shared"),
                inPool("team-a/three", "foreign"));

        assertThat(answer.getGrantsList())
                .extracting(grant -> Problems.reason(grant.getRefusal()))
                .containsExactly("", "NAME_FORBIDDEN", "", "NAME_FORBIDDEN");
        assertThat(answer.getGrantsList())
                .extracting(LlmGrant::getName)
                .element(3)
                .isEqualTo("team-a/three");
        assertThat(server.as(server.firstToken())
                        .llms()
                        .listLlms(ListLlmsRequest.getDefaultInstance())
                        .getLlmsList())
                .extracting(llm -> llm.getSpec().getName())
                .containsExactly("team-a/one", "team-a/two");
    }

    private static dormouse.v1.LlmOffer inPool(String name, String pool) {
        return ScriptedAgent.offer(LlmSpec.newBuilder().setName(name).setPool(pool), LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void aLostNameIsAdoptedByItsCredentialAtOnceAndByOthersAfterTheTimeOut() {
        String mine = server.token(Role.ROLE_AGENT);
        String foreign = server.token(Role.ROLE_AGENT);
        ScriptedAgent first = agent(mine, "ana");
        first.register(ScriptedAgent.awake("qwen3"));
        first.cut();

        ScriptedAgent taker = agent(foreign, "bob");
        Registered refused = taker.register(ScriptedAgent.awake("qwen3"));
        assertThat(Problems.reason(refused.getGrants(0).getRefusal())).isEqualTo("NAME_IN_USE");

        ScriptedAgent second = agent(mine, "ana").forgetSession();
        assertThat(second.register(ScriptedAgent.awake("qwen3")).getGrants(0).getOutcome())
                .isEqualTo(LlmGrant.Outcome.OUTCOME_ADOPTED);
        second.cut();
        server.advance(Duration.ofSeconds(89));
        assertThat(taker.register(ScriptedAgent.awake("qwen3")).getGrants(0).getOutcome())
                .isEqualTo(LlmGrant.Outcome.OUTCOME_REFUSED);
        server.advance(Duration.ofSeconds(2));
        assertThat(taker.register(ScriptedAgent.awake("qwen3")).getGrants(0).getOutcome())
                .isEqualTo(LlmGrant.Outcome.OUTCOME_ADOPTED);
    }

    @Test
    void aClientSeesItsNamesAndNoOthersInListsWatchesAndHistories() {
        ScriptedAgent agent = agent(server.token(Role.ROLE_AGENT), "ana");
        agent.register(inPool("a/one", "pool"), ScriptedAgent.awake("b/one"), inPool("a/two", "a/pool"));
        String client = server.token(Role.ROLE_CLIENT, "a/*");
        server.as(client);
        Probe<LlmEvent> watch = server.watch(0);
        Probe<LlmEvent> replay = server.watch(1);

        assertThat(server.llm("a/one").getSpec().getPool())
                .as("a pool that it may not use")
                .isEmpty();
        assertThat(server.llm("a/two").getSpec().getPool()).isEqualTo("a/pool");
        agent.heartbeat("b/one", LlmStatus.LLM_STATUS_INACTIVE, "a/one", LlmStatus.LLM_STATUS_INACTIVE);
        server.advance(Duration.ofSeconds(31));

        for (Probe<LlmEvent> probe : java.util.List.of(watch, replay)) {
            assertThat(probe.heard()).isNotEmpty();
            assertThat(probe.heard().toString())
                    .contains("a/two")
                    .doesNotContain("b/one")
                    .doesNotContain("\"pool\"");
            assertThat(probe.heard()).allMatch(event -> event.getActor().isEmpty());
            assertThat(probe.heard()).extracting(LlmEvent::getType).contains(LlmEvent.Type.TYPE_BOOKMARK);
        }
        assertThat(server.watch(0, "b/one", Integer.MAX_VALUE).heard())
                .extracting(LlmEvent::getType)
                .containsExactly(LlmEvent.Type.TYPE_SNAPSHOT_END);
    }

    @Test
    void whoDidItStandsInTheHistoryForAnAdmin() {
        CreateTokenResponse agents = server.made(Role.ROLE_AGENT, null);
        CreateTokenResponse client = server.made(Role.ROLE_CLIENT, null);
        ScriptedAgent agent = agent(agents.getSecret(), "ana");
        agent.register(ScriptedAgent.asleep("qwen3"));
        server.as(client.getSecret()).infer("qwen3");

        server.as(server.firstToken());
        Probe<LlmEvent> history = server.watch(1);
        assertThat(history.heard())
                .filteredOn(event -> event.getType() == LlmEvent.Type.TYPE_WAKE_STARTED)
                .extracting(LlmEvent::getActor)
                .containsExactly(client.getToken().getId());
        assertThat(server.llms()
                        .listLlmEvents(dormouse.v1.ListLlmEventsRequest.newBuilder()
                                .setName("qwen3")
                                .build())
                        .getEventsList())
                .extracting(LlmEvent::getActor)
                .containsExactly(client.getToken().getId(), agents.getToken().getId());
    }

    @Test
    void aClientIsToldItsOwnUsageUnderTheNamesThatItAskedFor() {
        ScriptedAgent agent = agent(server.token(Role.ROLE_AGENT), "ana");
        agent.onInfer(task -> agent.answer(task, "{}"));
        agent.register(inPool("member", "pool"), ScriptedAgent.awake("other"));
        CreateTokenResponse mine = server.made(Role.ROLE_CLIENT, null, "pool");
        server.as(mine.getSecret()).infer("pool");
        server.as(server.token(Role.ROLE_CLIENT)).infer("other");
        SumUsageRequest byLlm = SumUsageRequest.newBuilder()
                .addGroupBy(SumUsageRequest.Key.KEY_LLM)
                .addGroupBy(SumUsageRequest.Key.KEY_CALLER)
                .build();

        assertThat(server.as(mine.getSecret()).admin().sumUsage(byLlm).getSumsList())
                .extracting(sum -> sum.getLlm() + " " + sum.getCaller() + " " + sum.getTasks())
                .containsExactly("pool " + mine.getToken().getId() + " 1");
        assertThat(server.as(server.firstToken()).admin().sumUsage(byLlm).getSumsList())
                .extracting(sum -> sum.getLlm())
                .containsExactly("member", "other");
    }

    @Test
    void aLongListOfTokensComesInPages() {
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            made.add(server.made(Role.ROLE_CLIENT, null, "a*").getToken().getId());
        }
        var admin = server.as(server.firstToken()).admin();
        List<String> listed = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        String page = "";
        do {
            var response = admin.listTokens(ListTokensRequest.newBuilder()
                    .setPageSize(2)
                    .setPageToken(page)
                    .build());
            response.getTokensList().forEach(token -> listed.add(token.getId()));
            sizes.add(response.getTokensCount());
            page = response.getNextPageToken();
        } while (!page.isEmpty());

        assertThat(sizes).containsExactly(2, 2, 2);
        assertThat(listed).startsWith("admin-1").hasSize(6).containsAll(made).doesNotHaveDuplicates();
        for (String foreign : List.of("x", "bm9uZQ", "%")) {
            assertThatThrownBy(() -> admin.listTokens(
                            ListTokensRequest.newBuilder().setPageToken(foreign).build()))
                    .hasMessageContaining("page_token");
        }
    }

    @Test
    void tokensAreListedWithoutTheirSecretsAndWithWhatBecameOfThem() {
        CreateTokenResponse made = server.made(Role.ROLE_CLIENT, Duration.ofHours(1), "team-a/*");
        refusal(made.getSecret());
        server.revoke(made.getToken().getId());

        var list = server.as(server.firstToken()).admin().listTokens(ListTokensRequest.getDefaultInstance());
        Token token = list.getTokens(1);
        assertThat(token.getId()).isEqualTo(made.getToken().getId()).startsWith("tok-");
        assertThat(token.getRole()).isEqualTo(Role.ROLE_CLIENT);
        assertThat(token.getLlmPatternsList()).containsExactly("team-a/*");
        assertThat(token.getExpireTime().getSeconds() - token.getCreateTime().getSeconds())
                .isEqualTo(3600);
        assertThat(token.hasLastUseTime()).isTrue();
        assertThat(token.getRevoked()).isTrue();
        assertThat(list.toString()).doesNotContain("dmt_");
        assertThat(made.getSecret()).matches("dmt_[A-Za-z0-9_-]{43}");
        assertThatThrownBy(() -> server.revoke("tok-none")).hasMessageContaining("no such token");
    }

    @Test
    void tokensOutliveARestartAndSoDoRevocations() {
        String good = server.token(Role.ROLE_CLIENT);
        CreateTokenResponse bad = server.made(Role.ROLE_CLIENT, null);
        server.revoke(bad.getToken().getId());
        server.restart();
        assertThat(server.shownTokens()).as("there is an admin already").hasSize(1);
        assertThat(refusal(good)).isEmpty();
        assertThat(refusal(bad.getSecret())).isEqualTo("UNAUTHENTICATED");
        assertThat(refusal(server.firstToken())).isEmpty();
    }
}
