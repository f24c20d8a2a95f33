package dormouse.server;

import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.contract.Problems;
import dormouse.v1.Infer;
import dormouse.v1.Llm;
import dormouse.v1.LlmGrant;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rule 4: which names are refused, with a reason for each, and what withdraws one. Failure list: 9 (one refused name among ten). */
class NamesTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private static LlmOffer inPool(String name, String pool) {
        return offer(LlmSpec.newBuilder().setName(name).setPool(pool), LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void oneRefusedNameAmongTenLeavesTheOtherNineAlone() {
        server.agent("bob").register(awake("n4"));
        LlmOffer[] ten = IntStream.range(0, 10).mapToObj(i -> awake("n" + i)).toArray(LlmOffer[]::new);

        Registered registered = ana.register(ten);

        assertThat(registered.getGrantsList())
                .extracting(LlmGrant::getName)
                .containsExactly("n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9");
        assertThat(Grants.of(registered))
                .contains("n4 NAME_IN_USE")
                .filteredOn(grant -> grant.endsWith("CREATED"))
                .hasSize(9);
        assertThat(registered.getGrants(4).getRefusal().getMessage()).contains("bob");
        assertThat(server.llm("n4").getAgentName()).isEqualTo("bob");
        assertThat(server.llm("n9").getAgentName()).isEqualTo("ana");
    }

    @Test
    void grantsComeInTheOrderOfTheOffersWhateverIsWrongWithThem() {
        Registered registered = ana.register(
                awake("not a name"), awake("a"), awake(""), awake("b"), awake("a"), awake("ü"), awake("x".repeat(129)));

        assertThat(Grants.of(registered))
                .containsExactly(
                        "not a name NAME_MALFORMED",
                        "a CREATED",
                        " NAME_MALFORMED",
                        "b CREATED",
                        "a NAME_MALFORMED",
                        "ü NAME_MALFORMED",
                        "x".repeat(129) + " NAME_MALFORMED");
        assertThat(registered.getGrants(0).getRefusal().getMessage())
                .isEqualTo("name \"not a name\": 1 to 128 of a-z A-Z 0-9 . _ - : /");
    }

    @Test
    void anOfferedSpecThatBreaksARuleIsRefusedWithTheRule() {
        Registered registered = ana.register(
                offer(LlmSpec.newBuilder().setName("a").setConcurrency(2000), LlmStatus.LLM_STATUS_ACTIVE),
                offer(LlmSpec.newBuilder().setName("b").setPool("not a pool"), LlmStatus.LLM_STATUS_ACTIVE),
                offer(LlmSpec.newBuilder().setName("c"), LlmStatus.LLM_STATUS_HIBERNATING),
                offer(LlmSpec.newBuilder().setName("d"), LlmStatus.LLM_STATUS_INACTIVE),
                offer(LlmSpec.newBuilder().setName("e"), LlmStatus.LLM_STATUS_UNSPECIFIED));

        assertThat(Grants.of(registered))
                .containsExactly(
                        "a NAME_MALFORMED", "b NAME_MALFORMED", "c NAME_MALFORMED", "d NAME_MALFORMED", "e CREATED");
        assertThat(registered.getGrants(0).getRefusal().getMessage()).contains("concurrency 2000: 1 to 1024");
        assertThat(registered.getGrants(2).getRefusal().getMessage()).contains("wakeable");
        assertThat(server.llm("e").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void aRowWhoseNewOfferIsRefusedStaysAsItIs() {
        ana.register(awake("a"));
        Llm before = server.llm("a");

        Registered again = ana.register(
                offer(LlmSpec.newBuilder().setName("a").setConcurrency(2000), LlmStatus.LLM_STATUS_ACTIVE));

        assertThat(Grants.of(again)).containsExactly("a NAME_MALFORMED");
        assertThat(server.llm("a")).isEqualTo(before);
    }

    @Test
    void aPublicNameIsTheOperatorsAlone() {
        Elsewhere.declare(server, "gpt");
        server.restart();
        Llm before = server.llm("gpt");

        Registered registered = server.reconnect(ana).register(awake("gpt"), awake("a"));

        assertThat(Grants.of(registered)).containsExactly("gpt NAME_IS_PUBLIC", "a CREATED");
        assertThat(server.llm("gpt")).isEqualTo(before);
        assertThat(before.getKind()).isEqualTo(LlmKind.LLM_KIND_PUBLIC);
        assertThat(before.getSessionId()).isEmpty();
    }

    @Test
    void poolsAndLlmsShareTheirNames() {
        server.agent("bob").register(inPool("b1", "shared"), awake("b2"));

        assertThat(Grants.of(
                        ana.register(awake("shared"), inPool("a1", "b2"), inPool("a2", "shared"), inPool("a3", "a3"))))
                .containsExactly("shared NAME_IN_USE", "a1 NAME_IN_USE", "a2 CREATED", "a3 NAME_IN_USE");
        assertThat(server.llm("a2").getSpec().getPool()).isEqualTo("shared");
    }

    @Test
    void aPoolThatNobodyNamesAnyMoreIsAFreeName() {
        ana.register(inPool("a", "shared"));

        assertThat(Grants.of(ana.register(awake("a"), awake("shared"))))
                .containsExactly("a REACTIVATED", "shared CREATED");
    }

    @Test
    void aRefusedNameIsGrantedWhenItIsOfferedAgainAndFreeByThen() {
        ScriptedAgent bob = server.agent("bob");
        bob.register(awake("a"));
        assertThat(Grants.of(ana.register(awake("a"), awake("b")))).containsExactly("a NAME_IN_USE", "b CREATED");
        bob.goodbye();
        server.advance(Duration.ofSeconds(60));

        assertThat(Grants.of(ana.register(awake("a"), awake("b")))).containsExactly("a ADOPTED", "b REACTIVATED");
        assertThat(server.llm("a").getOwnerEpoch()).isEqualTo(2);
    }

    @Test
    void ofAWithdrawnNameTheRunningTasksFinishAndTheQueuedOnesFail() {
        ana.register(
                offer(LlmSpec.newBuilder().setName("a").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE), awake("b"));
        InferProbe running = server.infer("a");
        InferProbe queued = server.infer("a");
        Infer task = ana.infers().get(0);

        ana.register(awake("b"));

        Llm withdrawn = server.llm("a");
        assertThat(withdrawn.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(withdrawn.getStatusReason()).contains("withdrawn");
        assertThat(queued.reason()).isEqualTo("LLM_INACTIVE");
        assertThat(queued.retryAfter()).isNotNull();
        assertThat(running.over()).isFalse();
        ana.answer(task, "to the end");
        assertThat(running.text()).isEqualTo("to the end");
        assertThat(running.completed()).isTrue();
        assertThat(server.infer("a").reason()).isEqualTo("LLM_INACTIVE");
        assertThat(server.llm("b").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void aWithdrawnNameComesBackInPlaceOrGoesToWhoeverAsks() {
        ana.register(awake("a"), awake("b"));
        Llm before = server.llm("a");
        ana.register();

        assertThat(Grants.of(ana.register(awake("a")))).containsExactly("a REACTIVATED");
        assertThat(server.llm("a").getCreateTime()).isEqualTo(before.getCreateTime());
        assertThat(Grants.of(server.agent("bob").register(awake("b")))).containsExactly("b ADOPTED");
    }

    @Test
    void aMillionNamesAreTooMany() {
        LlmOffer[] offers =
                IntStream.range(0, 1001).mapToObj(i -> awake("n" + i)).toArray(LlmOffer[]::new);

        ana.ask(offers);

        assertThat(ana.endedWith()).isEqualTo("MALFORMED");
        assertThatThrownBy(() -> server.llm("n0"))
                .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("LLM_NOT_FOUND"));
    }
}
