package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What becomes of an Llm in each state when each thing happens to it: every pair of {@link Transitions}, gone through by
 * the functions of {@link Lifecycle}. A pair that is missing here fails the build.
 */
class LifecycleTest {
    /** A line: the event and the state after it, or that it stays, or is refused and why; then by which triggers. */
    private static final String EXPECTED = """
            ABSENT
                REGISTERED ACTIVE          : OFFER_AWAKE ADOPT_AWAKE
                REGISTERED HIBERNATING     : OFFER_ASLEEP ADOPT_ASLEEP
                refused LLM_NOT_FOUND      : WAKE
                stays                      : WAKE_OK WAKE_FAIL SLEEP_OK
                REGISTERED ACTIVE          : DECLARE
                refused LLM_NOT_FOUND      : REMOVE
            ACTIVE
                stays                      : OFFER_AWAKE REPORT_ACTIVE WAKE WAKE_OK WAKE_FAIL EXPIRE
                REACTIVATED HIBERNATING    : OFFER_ASLEEP
                BACKEND_DOWN HIBERNATING   : REPORT_HIBERNATING
                BACKEND_DOWN DOWN          : REPORT_INACTIVE
                SLEPT HIBERNATING          : SLEEP_OK
                DEACTIVATED SILENT         : SILENCE
                DEACTIVATED LOST           : DISCONNECT RESTART
                DEACTIVATED LEFT           : LEAVE
                refused NAME_IN_USE        : ADOPT_AWAKE ADOPT_ASLEEP
                refused NAME_EXISTS        : DECLARE
                UPDATED ACTIVE             : REDECLARE
                DELETED ABSENT             : REMOVE
            HIBERNATING
                stays                      : OFFER_ASLEEP REPORT_HIBERNATING WAKE_FAIL SLEEP_OK EXPIRE
                REACTIVATED ACTIVE         : OFFER_AWAKE
                BACKEND_UP ACTIVE          : REPORT_ACTIVE WAKE_OK
                BACKEND_DOWN DOWN          : REPORT_INACTIVE
                WAKE_STARTED WAKING        : WAKE
                DEACTIVATED SILENT         : SILENCE
                DEACTIVATED LOST           : DISCONNECT RESTART
                DEACTIVATED LEFT           : LEAVE
                refused NAME_IN_USE        : ADOPT_AWAKE ADOPT_ASLEEP
                refused NAME_EXISTS        : DECLARE
                stays                      : REDECLARE REMOVE
            WAKING
                stays                      : OFFER_ASLEEP REPORT_HIBERNATING WAKE SLEEP_OK EXPIRE
                WOKE ACTIVE                : OFFER_AWAKE REPORT_ACTIVE WAKE_OK
                WAKE_FAILED HIBERNATING    : WAKE_FAIL
                BACKEND_DOWN DOWN          : REPORT_INACTIVE
                DEACTIVATED SILENT         : SILENCE
                DEACTIVATED LOST           : DISCONNECT RESTART
                DEACTIVATED LEFT           : LEAVE
                refused NAME_IN_USE        : ADOPT_AWAKE ADOPT_ASLEEP
                refused NAME_EXISTS        : DECLARE
                stays                      : REDECLARE REMOVE
            SILENT
                REACTIVATED ACTIVE         : OFFER_AWAKE REPORT_ACTIVE WAKE_OK
                REACTIVATED HIBERNATING    : OFFER_ASLEEP REPORT_HIBERNATING
                ADOPTED ACTIVE             : ADOPT_AWAKE
                ADOPTED HIBERNATING        : ADOPT_ASLEEP
                BACKEND_DOWN DOWN          : REPORT_INACTIVE
                refused LLM_INACTIVE       : WAKE
                stays                      : WAKE_FAIL SLEEP_OK SILENCE
                UPDATED LOST               : DISCONNECT RESTART
                UPDATED LEFT               : LEAVE
                DELETED ABSENT             : EXPIRE
                ADOPTED ACTIVE             : DECLARE
                stays                      : REDECLARE REMOVE
            LOST
                REACTIVATED ACTIVE         : OFFER_AWAKE
                REACTIVATED HIBERNATING    : OFFER_ASLEEP
                ADOPTED ACTIVE             : ADOPT_AWAKE
                ADOPTED HIBERNATING        : ADOPT_ASLEEP
                refused LLM_INACTIVE       : WAKE
                stays                      : REPORT_ACTIVE REPORT_HIBERNATING REPORT_INACTIVE
                stays                      : WAKE_OK WAKE_FAIL SLEEP_OK SILENCE DISCONNECT RESTART
                UPDATED LEFT               : LEAVE
                DELETED ABSENT             : EXPIRE
                ADOPTED ACTIVE             : DECLARE
                stays                      : REDECLARE REMOVE
            LEFT
                REACTIVATED ACTIVE         : OFFER_AWAKE
                REACTIVATED HIBERNATING    : OFFER_ASLEEP
                ADOPTED ACTIVE             : ADOPT_AWAKE
                ADOPTED HIBERNATING        : ADOPT_ASLEEP
                refused LLM_INACTIVE       : WAKE
                stays                      : REPORT_ACTIVE REPORT_HIBERNATING REPORT_INACTIVE
                stays                      : WAKE_OK WAKE_FAIL SLEEP_OK SILENCE DISCONNECT LEAVE RESTART
                DELETED ABSENT             : EXPIRE
                ADOPTED ACTIVE             : DECLARE
                stays                      : REDECLARE REMOVE
            DOWN
                REACTIVATED ACTIVE         : OFFER_AWAKE
                REACTIVATED HIBERNATING    : OFFER_ASLEEP
                BACKEND_UP ACTIVE          : REPORT_ACTIVE WAKE_OK
                BACKEND_UP HIBERNATING     : REPORT_HIBERNATING
                refused NAME_IN_USE        : ADOPT_AWAKE ADOPT_ASLEEP
                refused LLM_INACTIVE       : WAKE
                stays                      : REPORT_INACTIVE WAKE_FAIL SLEEP_OK EXPIRE
                UPDATED SILENT             : SILENCE
                UPDATED LOST               : DISCONNECT RESTART
                UPDATED LEFT               : LEAVE
                refused NAME_EXISTS        : DECLARE
                UPDATED ACTIVE             : REDECLARE
                DELETED ABSENT             : REMOVE
            """;

    /** What can only be said of a row that is there: the functions take no null. */
    private static final Set<Trigger> OF_A_ROW_ALONE = EnumSet.of(
            Trigger.REPORT_ACTIVE,
            Trigger.REPORT_HIBERNATING,
            Trigger.REPORT_INACTIVE,
            Trigger.SILENCE,
            Trigger.DISCONNECT,
            Trigger.LEAVE,
            Trigger.RESTART,
            Trigger.EXPIRE,
            Trigger.REDECLARE);

    private static final Set<Pair> visited = new HashSet<>();

    record Pair(LlmState state, Trigger trigger) {}

    record Case(LlmState state, Trigger trigger, String expected) {
        @Override
        public String toString() {
            return state + " × " + trigger + " = " + expected;
        }
    }

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        LlmState state = LlmState.ABSENT;
        for (String line : EXPECTED.lines().toList()) {
            if (!line.startsWith(" ")) {
                state = LlmState.valueOf(line);
                continue;
            }
            String[] sides = line.split(":");
            for (String trigger : sides[1].strip().split(" ")) {
                cases.add(new Case(state, Trigger.valueOf(trigger), sides[0].strip()));
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachThingThatHappensToEachStateEndsAsWrittenHere(Case each) {
        Llm row = Situations.before(each.state(), each.trigger());
        Step step = Situations.happens(each.trigger(), row);

        assertThat(Situations.words(step)).isEqualTo(each.expected());
        if (step instanceof Step.Save save) {
            assertThat(save.change().before()).isEqualTo(row);
            assertThat(save.change().detail()).isNotBlank();
            if (save.change().after() != null) {
                consistent(
                        each.trigger(),
                        row,
                        save.change().after(),
                        save.change().type());
            }
        }
        assertThat(visited.add(new Pair(each.state(), each.trigger())))
                .as("written once")
                .isTrue();
    }

    /** What holds of every row that follows another. */
    private static void consistent(Trigger trigger, @Nullable Llm before, Llm after, LlmEventType event) {
        assertThat(after.name()).isEqualTo(Situations.NAME);
        assertThat(after.updateTime()).isEqualTo(Situations.NOW);
        if (trigger == Trigger.DECLARE || trigger == Trigger.REDECLARE) {
            assertThat(after.kind()).isEqualTo(LlmKind.PUBLIC);
            assertThat(after.owner()).isNull();
            assertThat(after.lastHeartbeat()).isNull();
            assertThat(after.createTime()).isEqualTo(before == null ? Situations.NOW : Situations.CREATED);
            assertThat(after.revision()).isEqualTo(before == null ? 0 : before.revision());
            return;
        }
        assertThat(after.kind()).isEqualTo(LlmKind.VIRTUAL);
        assertThat(after.owner()).isNotNull();
        assertThat(after.before() != null).as("remembers what it was").isEqualTo(revivable(before, after));
        if (before == null) {
            assertThat(after.createTime()).isEqualTo(Situations.NOW);
            assertThat(after.owner().epoch()).isEqualTo(1);
            assertThat(after.revision()).isZero();
        } else {
            assertThat(after.createTime()).isEqualTo(Situations.CREATED);
            assertThat(after.revision()).isEqualTo(before.revision());
            assertThat(heard(after)).isAfterOrEqualTo(heard(before));
            boolean adopted = event == LlmEventType.ADOPTED;
            assertThat(after.owner().epoch()).isEqualTo(Situations.EPOCH + (adopted ? 1 : 0));
            assertThat(after.ownedBy(Situations.ANA.session())).isEqualTo(!adopted);
        }
    }

    private static boolean revivable(@Nullable Llm before, Llm after) {
        return after.state() == LlmState.SILENT && before != null && before.status() != LlmStatus.INACTIVE;
    }

    private static Instant heard(Llm row) {
        assertThat(row.lastHeartbeat()).isNotNull();
        return row.lastHeartbeat();
    }

    @Test
    void whatTheFunctionsDoIsWhatTheTableSays() {
        for (Case each : cases()) {
            Transitions.Cell cell = Transitions.of(each.state(), each.trigger());
            String words = cell instanceof Transitions.Go go
                    ? go.event() + " " + go.to()
                    : cell instanceof Transitions.Refuse refuse ? "refused " + refuse.reason() : "stays";
            assertThat(words).as(each.toString()).isEqualTo(each.expected());
        }
    }

    @AfterAll
    static void everyPairWasVisited() {
        List<Pair> missing = new ArrayList<>();
        for (LlmState state : LlmState.values()) {
            Arrays.stream(Trigger.values())
                    .filter(trigger -> state != LlmState.ABSENT || !OF_A_ROW_ALONE.contains(trigger))
                    .map(trigger -> new Pair(state, trigger))
                    .filter(pair -> !visited.contains(pair))
                    .forEach(missing::add);
        }
        assertThat(missing).as("pairs of state and trigger that no test visits").isEmpty();
    }
}
