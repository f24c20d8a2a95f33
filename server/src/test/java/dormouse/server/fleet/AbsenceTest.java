package dormouse.server.fleet;

import static dormouse.server.fleet.Situations.ANA;
import static dormouse.server.fleet.Situations.NOW;
import static dormouse.server.fleet.Situations.after;
import static dormouse.server.fleet.Situations.row;
import static dormouse.server.fleet.Situations.words;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Silence, revival, and what is deleted when (rules 5, 7 and 13). */
class AbsenceTest {
    private static final Instant LONG_AGO = NOW.minus(Duration.ofDays(30));

    private static Step sweep(Llm row, @Nullable Instant heard, Instant now) {
        return Lifecycle.sweep(row, heard, Terms.DEFAULT, now);
    }

    private static Llm heard(LlmState state, Instant at) {
        return row(state, at, LONG_AGO);
    }

    private static Llm silent(LlmState before) {
        return after(sweep(heard(before, NOW.minusSeconds(91)), null, NOW));
    }

    private static String said(Llm row, @Nullable LlmStatus status) {
        return words(Lifecycle.report(row, status, "", NOW));
    }

    @ParameterizedTest
    @CsvSource({"89, stays", "90, stays", "91, DEACTIVATED SILENT"})
    void aHeartbeatOfSoManySecondsAgo(long seconds, String expected) {
        Llm row = heard(LlmState.ACTIVE, NOW.minusSeconds(seconds));
        assertThat(words(sweep(row, null, NOW))).isEqualTo(expected);
    }

    @Test
    void theSmallestBitMoreThanNinetySecondsIsTooLong() {
        Llm row = heard(LlmState.ACTIVE, NOW.minusSeconds(90).minusNanos(1000));
        assertThat(words(sweep(row, null, NOW))).isEqualTo("DEACTIVATED SILENT");
    }

    @Test
    void whatTheServerHasHeardCountsThoughTheRowDoesNotKnowIt() {
        Llm row = heard(LlmState.ACTIVE, NOW.minusSeconds(500));
        assertThat(words(sweep(row, NOW.minusSeconds(89), NOW))).isEqualTo("stays");
        assertThat(words(sweep(row, NOW.minusSeconds(91), NOW))).isEqualTo("DEACTIVATED SILENT");
    }

    @Test
    void anOldWordOfItsSessionIsNoReasonToForgetANewerOneOfTheRow() {
        Llm row = heard(LlmState.ACTIVE, NOW.minusSeconds(10));
        assertThat(words(sweep(row, NOW.minusSeconds(500), NOW))).isEqualTo("stays");
    }

    @Test
    void theRowSaysWhenItsAgentWasLastHeard() {
        Llm row = heard(LlmState.ACTIVE, NOW.minusSeconds(500));
        Llm silent = after(sweep(row, NOW.minusSeconds(100), NOW));
        assertThat(silent.lastHeartbeat()).isEqualTo(NOW.minusSeconds(100));
        assertThat(silent.inactiveSince()).isEqualTo(NOW);
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"ACTIVE", "HIBERNATING", "WAKING", "DOWN"})
    void aSecondSweepFindsNothingToDo(LlmState state) {
        Llm silent = silent(state);
        assertThat(words(sweep(silent, null, NOW))).isEqualTo("stays");
        assertThat(words(sweep(silent, null, NOW.plusSeconds(15)))).isEqualTo("stays");
    }

    @ParameterizedTest
    @CsvSource({"ACTIVE, ACTIVE", "HIBERNATING, HIBERNATING", "WAKING, HIBERNATING"})
    void aHeartbeatThatSaysNothingOfItRevivesItToWhatItWas(LlmState was, LlmState is) {
        assertThat(said(silent(was), null)).isEqualTo("REACTIVATED " + is);
    }

    @ParameterizedTest
    @CsvSource({"ACTIVE, HIBERNATING", "HIBERNATING, ACTIVE"})
    void aHeartbeatThatNamesAStatusRevivesItToThat(LlmState was, LlmStatus reported) {
        Llm revived = after(Lifecycle.report(silent(was), reported, "", NOW));
        assertThat(revived.status()).isEqualTo(reported);
        assertThat(revived.inactiveSince()).isNull();
        assertThat(revived.before()).isNull();
        assertThat(revived.lastHeartbeat()).isEqualTo(NOW);
    }

    @Test
    void anAgentThatReportsAWakeReportsASleeper() {
        assertThat(said(silent(LlmState.ACTIVE), LlmStatus.WAKING)).isEqualTo("REACTIVATED HIBERNATING");
        assertThat(said(row(LlmState.WAKING), LlmStatus.WAKING)).isEqualTo("stays");
        assertThat(said(row(LlmState.DOWN), LlmStatus.WAKING)).isEqualTo("BACKEND_UP HIBERNATING");
    }

    @Test
    void oneThatWasDownIsNotRevivedByAMereHeartbeatEvenAfterASilence() {
        assertThat(said(silent(LlmState.DOWN), null)).isEqualTo("stays");
        assertThat(said(silent(LlmState.DOWN), LlmStatus.INACTIVE)).isEqualTo("BACKEND_DOWN DOWN");
        assertThat(said(silent(LlmState.DOWN), LlmStatus.ACTIVE)).isEqualTo("REACTIVATED ACTIVE");
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"ACTIVE", "HIBERNATING", "WAKING", "LOST", "LEFT", "DOWN"})
    void aHeartbeatThatSaysNothingOfItChangesNothingElse(LlmState state) {
        assertThat(said(row(state), null)).isEqualTo("stays");
    }

    @ParameterizedTest
    @EnumSource(
            value = LlmState.class,
            names = {"SILENT", "LOST", "LEFT"})
    void isDeletedWhenItsPublisherHasBeenAwayForMoreThanFourHoursAndNotBefore(LlmState away) {
        Llm row = row(away, LONG_AGO, NOW);
        Instant fourHours = NOW.plus(Duration.ofHours(4));
        assertThat(words(sweep(row, null, fourHours.minusNanos(1000)))).isEqualTo("stays");
        assertThat(words(sweep(row, null, fourHours))).isEqualTo("stays");
        assertThat(words(sweep(row, null, fourHours.plusNanos(1000)))).isEqualTo("DELETED ABSENT");
    }

    @Test
    void theFourHoursRunFromTheFirstAbsenceThroughEveryChangeOfItsCause() {
        Llm silent = silent(LlmState.ACTIVE);
        Llm lost = after(Lifecycle.disconnected(silent, "cut", NOW.plusSeconds(100)));
        Llm restarted = after(Lifecycle.restarted(silent, NOW.plusSeconds(100)));
        Llm left = after(Lifecycle.left(lost, "withdrawn", NOW.plusSeconds(200)));
        assertThat(lost.inactiveSince()).isEqualTo(NOW);
        assertThat(restarted.inactiveSince()).isEqualTo(NOW);
        assertThat(left.inactiveSince()).isEqualTo(NOW);
    }

    @Test
    void onceBackTheFourHoursBeginAnew() {
        Llm silent = silent(LlmState.ACTIVE);
        Instant later = NOW.plus(Duration.ofHours(3));
        Llm back = after(Lifecycle.report(silent, LlmStatus.ACTIVE, "", later));
        Llm gone = after(Lifecycle.disconnected(back, "cut", later.plusSeconds(60)));
        assertThat(gone.inactiveSince()).isEqualTo(later.plusSeconds(60));
    }

    @Test
    void aLateHeartbeatDoesNotReviveOneThatIsLostOrHasLeft() {
        Llm lost = after(Lifecycle.disconnected(silent(LlmState.ACTIVE), "cut", NOW));
        assertThat(said(lost, LlmStatus.ACTIVE)).isEqualTo("stays");
        assertThat(said(row(LlmState.LEFT), LlmStatus.ACTIVE)).isEqualTo("stays");
    }

    @Test
    void oneThatIsDownWhileItsAgentLivesIsNeverDeleted() {
        Llm down = heard(LlmState.DOWN, LONG_AGO);
        assertThat(words(sweep(down, NOW.minusSeconds(10), NOW))).isEqualTo("stays");
    }

    @Test
    void theAbsenceOfOneThatWasDownBeginsWithItsAgentsAndNotWithItsBackends() {
        Llm down = heard(LlmState.DOWN, NOW.minusSeconds(91));
        assertThat(down.inactiveSince()).isEqualTo(LONG_AGO);
        assertThat(after(sweep(down, null, NOW)).inactiveSince()).isEqualTo(NOW);
        assertThat(after(Lifecycle.disconnected(down, "cut", NOW)).inactiveSince())
                .isEqualTo(NOW);
        assertThat(after(Lifecycle.restarted(down, NOW)).inactiveSince()).isEqualTo(NOW);
    }

    @Test
    void oneThatIsDownKeepsSinceWhenHoweverOftenThatIsReported() {
        Llm down = after(Lifecycle.report(row(LlmState.ACTIVE), LlmStatus.INACTIVE, "no answer", NOW));
        assertThat(down.reason()).isEqualTo("no answer");
        assertThat(said(down, LlmStatus.INACTIVE)).isEqualTo("stays");
        assertThat(down.ownedBy(ANA.session())).isTrue();
    }

    @Test
    void whatAnOperatorHasDeclaredIsNeverSwept() {
        assertThat(words(sweep(Situations.declared(), null, NOW.plus(Duration.ofDays(365)))))
                .isEqualTo("stays");
    }
}
