package dormouse.server.fleet;

import static dormouse.server.fleet.Situations.NAME;
import static dormouse.server.fleet.Situations.NOW;
import static dormouse.server.fleet.Situations.SPEC;
import static dormouse.server.fleet.Situations.after;
import static dormouse.server.fleet.Situations.declared;
import static dormouse.server.fleet.Situations.row;
import static dormouse.server.fleet.Situations.words;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is different about an Llm that the operator has declared. */
class PublicLifecycleTest {
    @Test
    void itIsActiveFromItsDeclarationOn() {
        Llm made = after(Lifecycle.declare(null, NAME, SPEC, "declared", NOW));
        assertThat(made.status()).isEqualTo(LlmStatus.ACTIVE);
        assertThat(made.reason()).isEqualTo("declared");
    }

    @Test
    void itCannotBeDeclaredTwice() {
        assertThat(words(Lifecycle.declare(declared(), NAME, SPEC, "again", NOW)))
                .isEqualTo("refused NAME_EXISTS");
    }

    @Test
    void itTakesOverTheNameOfAPublisherThatIsAwayAndTheRowsAgeWithIt() {
        Llm taken = after(Lifecycle.declare(row(LlmState.LOST), NAME, SPEC, "declared", NOW));
        assertThat(taken.kind()).isEqualTo(LlmKind.PUBLIC);
        assertThat(taken.createTime()).isEqualTo(Situations.CREATED);
        assertThat(taken.inactiveSince()).isNull();
    }

    @Test
    void whoHoldsANameIsNamedToTheOperator() {
        Step refused = Lifecycle.declare(row(LlmState.ACTIVE), NAME, SPEC, "declared", NOW);
        assertThat(((Step.Refused) refused).failure().message()).contains("ana-desk");
    }

    @Test
    void itsBackendGoesDownAndComesBackAndNoHeartbeatIsNotedForIt() {
        Llm down = after(Lifecycle.report(declared(), LlmStatus.INACTIVE, "no answer", NOW));
        assertThat(down.state()).isEqualTo(LlmState.DOWN);
        assertThat(down.inactiveSince()).isEqualTo(NOW);
        assertThat(down.lastHeartbeat()).isNull();
        Llm up = after(Lifecycle.report(down, LlmStatus.ACTIVE, "", NOW));
        assertThat(up.state()).isEqualTo(LlmState.ACTIVE);
        assertThat(up.lastHeartbeat()).isNull();
    }

    @Test
    void itNeverSleeps() {
        assertThat(words(Lifecycle.report(declared(), LlmStatus.HIBERNATING, "", NOW)))
                .isEqualTo("stays");
        assertThat(words(Lifecycle.report(declared(), LlmStatus.WAKING, "", NOW)))
                .isEqualTo("stays");
    }

    @Test
    void noSweepLooksAtItHoweverLongItIsDown() {
        Llm down = after(Lifecycle.report(declared(), LlmStatus.INACTIVE, "no answer", NOW));
        assertThat(words(Lifecycle.sweep(down, null, Terms.DEFAULT, NOW.plus(Duration.ofDays(99)))))
                .isEqualTo("stays");
    }

    @Test
    void theOperatorRemovesNoOneElses() {
        for (LlmState state : LlmState.values()) {
            if (state != LlmState.ABSENT) {
                assertThat(words(Lifecycle.remove(NAME, row(state), "removed", NOW)))
                        .isEqualTo("refused FORBIDDEN");
            }
        }
    }
}
