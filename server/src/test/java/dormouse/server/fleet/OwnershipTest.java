package dormouse.server.fleet;

import static dormouse.server.fleet.Situations.ANA;
import static dormouse.server.fleet.Situations.BOB;
import static dormouse.server.fleet.Situations.CREATED;
import static dormouse.server.fleet.Situations.EPOCH;
import static dormouse.server.fleet.Situations.HER_OTHER;
import static dormouse.server.fleet.Situations.NAME;
import static dormouse.server.fleet.Situations.NOW;
import static dormouse.server.fleet.Situations.SPEC;
import static dormouse.server.fleet.Situations.after;
import static dormouse.server.fleet.Situations.declared;
import static dormouse.server.fleet.Situations.offer;
import static dormouse.server.fleet.Situations.row;
import static dormouse.server.fleet.Situations.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whose a name is: coming back, adoption, refusal (rules 1 to 4). */
class OwnershipTest {
    private static Step offers(Claimant who, Llm row, Instant now) {
        return Lifecycle.offer(row, offer(true), who, Terms.DEFAULT, now);
    }

    private static Failure refusal(Step step) {
        if (step instanceof Step.Refused refused) {
            return refused.failure();
        }
        throw new AssertionError("not refused: " + step);
    }

    private static Llm away(LlmState state) {
        return row(state, NOW, NOW);
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"SILENT", "LOST"})
    void anotherCredentialMayTakeALostNameAfterTheHeartbeatTimeOutAndNotBefore(LlmState state) {
        assertThat(words(offers(BOB, away(state), NOW))).isEqualTo("refused NAME_IN_USE");
        assertThat(words(offers(BOB, away(state), NOW.plusSeconds(90).minusNanos(1000))))
                .isEqualTo("refused NAME_IN_USE");
        assertThat(words(offers(BOB, away(state), NOW.plusSeconds(90)))).isEqualTo("ADOPTED ACTIVE");
    }

    @Test
    void isToldHowLongItHasToWait() {
        Failure refusal = refusal(offers(BOB, away(LlmState.LOST), NOW.plusSeconds(30)));
        assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(60));
        assertThat(refusal.message()).contains("qwen3", "ana-desk").doesNotContain("key of ana");
    }

    @Test
    void anotherCredentialMayTakeANameThatWasLeftAtOnce() {
        assertThat(words(offers(BOB, away(LlmState.LEFT), NOW))).isEqualTo("ADOPTED ACTIVE");
    }

    @Test
    void aLossThatTurnsIntoAWithdrawalFreesTheNameAtOnce() {
        Llm left = after(Lifecycle.left(away(LlmState.LOST), "withdrawn", NOW.plusSeconds(1)));
        assertThat(words(offers(BOB, left, NOW.plusSeconds(1)))).isEqualTo("ADOPTED ACTIVE");
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"SILENT", "LOST", "LEFT"})
    void theSameCredentialMayTakeItAtOnceHoweverItWasLost(LlmState state) {
        assertThat(words(offers(HER_OTHER, away(state), NOW))).isEqualTo("ADOPTED ACTIVE");
    }

    @Test
    void whereNobodyNeedsACredentialEverybodyHasTheSame() {
        Claimant one = new Claimant(new SessionId("s-1"), "one", "", "main");
        Claimant two = new Claimant(new SessionId("s-2"), "two", "", "main");
        Llm row = after(Lifecycle.offer(null, offer(true), one, Terms.DEFAULT, NOW));
        Llm lost = after(Lifecycle.disconnected(row, "cut", NOW));
        assertThat(words(offers(two, lost, NOW))).isEqualTo("ADOPTED ACTIVE");
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"ACTIVE", "HIBERNATING", "WAKING", "DOWN"})
    void whatItsSessionHoldsNobodyElseGetsHoweverLongHeWaits(LlmState state) {
        Instant later = NOW.plus(Duration.ofDays(30));
        assertThat(words(offers(BOB, row(state), later))).isEqualTo("refused NAME_IN_USE");
        assertThat(words(offers(HER_OTHER, row(state), later))).isEqualTo("refused NAME_IN_USE");
    }

    @Test
    void theAdopterGetsTheRowWithAHigherEpochAndItsAge() {
        Llm adopted = after(offers(BOB, away(LlmState.LEFT), NOW.plusSeconds(5)));
        assertThat(adopted.owner())
                .isEqualTo(new Owner(BOB.session(), BOB.agentName(), BOB.principal(), EPOCH + 1, BOB.replica()));
        assertThat(adopted.createTime()).isEqualTo(CREATED);
        assertThat(adopted.lastHeartbeat()).isEqualTo(NOW.plusSeconds(5));
        assertThat(adopted.inactiveSince()).isNull();
        assertThat(adopted.before()).isNull();
    }

    @Test
    void theAdoptersWordsReplaceTheOldOnes() {
        LlmSpec hers = new LlmSpec("other", "", 1, false, false, Map.of(), Duration.ofSeconds(5), "vllm");
        Step step = Lifecycle.offer(away(LlmState.LEFT), new Offer(NAME, hers, false), BOB, Terms.DEFAULT, NOW);
        assertThat(after(step).spec()).isEqualTo(hers);
        assertThat(after(step).state()).isEqualTo(LlmState.HIBERNATING);
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"SILENT", "LOST", "LEFT", "DOWN"})
    void itsOwnSessionComesBackToTheSameRow(LlmState state) {
        Llm back = after(offers(ANA, row(state), NOW));
        assertThat(back.createTime()).isEqualTo(CREATED);
        assertThat(back.owner()).isEqualTo(row(state).owner());
        assertThat(back.state()).isEqualTo(LlmState.ACTIVE);
        assertThat(back.inactiveSince()).isNull();
    }

    @Test
    void comingBackFromAnotherMachineOrReplicaKeepsTheEpoch() {
        Claimant moved = new Claimant(ANA.session(), "ana-laptop", ANA.principal(), "second");
        Llm back = after(offers(moved, away(LlmState.LOST), NOW));
        assertThat(back.owner()).isEqualTo(new Owner(ANA.session(), "ana-laptop", ANA.principal(), EPOCH, "second"));
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"HIBERNATING", "WAKING"})
    void otherWordsAboutASleeperAreAnUpdateThatLeavesItsStateAlone(LlmState state) {
        LlmSpec more = new LlmSpec("qwen3:8b", "", 8, true, true, Map.of(), Duration.ofSeconds(60), "ollama");
        Step step = Lifecycle.offer(row(state), new Offer(NAME, more, false), ANA, Terms.DEFAULT, NOW);
        assertThat(words(step)).isEqualTo("UPDATED " + state);
        assertThat(after(step).spec().concurrency()).isEqualTo(8);
        assertThat(after(step).reason()).isEqualTo("as it was");
    }

    @Test
    void theSameWordsAgainAreNoNews() {
        assertThat(words(offers(ANA, row(LlmState.ACTIVE), NOW))).isEqualTo("stays");
    }

    @Test
    void aNewNameIsTheOffersFromItsFirstMoment() {
        Llm row = after(Lifecycle.offer(null, offer(false), BOB, Terms.DEFAULT, NOW));
        assertThat(row.owner()).isEqualTo(new Owner(BOB.session(), BOB.agentName(), BOB.principal(), 1, "main"));
        assertThat(row.spec()).isEqualTo(SPEC);
        assertThat(row.createTime()).isEqualTo(NOW);
        assertThat(row.lastHeartbeat()).isEqualTo(NOW);
    }

    @Test
    void whatAnOperatorHasDeclaredNobodyGets() {
        for (Claimant who : new Claimant[] {ANA, HER_OTHER, BOB}) {
            assertThat(words(offers(who, declared(), NOW))).isEqualTo("refused NAME_IS_PUBLIC");
        }
    }

    @Test
    void aRowThatContradictsItselfCannotBeMade() {
        Llm row = row(LlmState.ACTIVE);
        assertThatThrownBy(() -> row(LlmState.ABSENT)).hasMessageContaining("never ABSENT");
        assertThatThrownBy(() -> new Owner(ANA.session(), "ana", "", 0, "main")).hasMessageContaining("at least 1");
        assertThatThrownBy(() ->
                        new Llm(NAME, LlmKind.PUBLIC, row.state(), "", SPEC, row.owner(), NOW, NOW, NOW, null, null, 0))
                .hasMessageContaining("VIRTUAL ones have an owner");
        assertThatThrownBy(() ->
                        new Llm(NAME, row.kind(), row.state(), "", SPEC, row.owner(), NOW, NOW, NOW, NOW, null, 0))
                .hasMessageContaining("INACTIVE ones");
    }
}
