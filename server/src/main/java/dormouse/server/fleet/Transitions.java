package dormouse.server.fleet;

import static dormouse.server.fleet.LlmState.ABSENT;
import static dormouse.server.fleet.LlmState.ACTIVE;
import static dormouse.server.fleet.LlmState.DOWN;
import static dormouse.server.fleet.LlmState.HIBERNATING;
import static dormouse.server.fleet.LlmState.LEFT;
import static dormouse.server.fleet.LlmState.LOST;
import static dormouse.server.fleet.LlmState.SILENT;
import static dormouse.server.fleet.LlmState.WAKING;
import static dormouse.server.fleet.Trigger.ADOPT_ASLEEP;
import static dormouse.server.fleet.Trigger.ADOPT_AWAKE;
import static dormouse.server.fleet.Trigger.DECLARE;
import static dormouse.server.fleet.Trigger.DISCONNECT;
import static dormouse.server.fleet.Trigger.EXPIRE;
import static dormouse.server.fleet.Trigger.LEAVE;
import static dormouse.server.fleet.Trigger.OFFER_ASLEEP;
import static dormouse.server.fleet.Trigger.OFFER_AWAKE;
import static dormouse.server.fleet.Trigger.REDECLARE;
import static dormouse.server.fleet.Trigger.REMOVE;
import static dormouse.server.fleet.Trigger.REPORT_ACTIVE;
import static dormouse.server.fleet.Trigger.REPORT_HIBERNATING;
import static dormouse.server.fleet.Trigger.REPORT_INACTIVE;
import static dormouse.server.fleet.Trigger.RESTART;
import static dormouse.server.fleet.Trigger.SILENCE;
import static dormouse.server.fleet.Trigger.SLEEP_OK;
import static dormouse.server.fleet.Trigger.WAKE;
import static dormouse.server.fleet.Trigger.WAKE_FAIL;
import static dormouse.server.fleet.Trigger.WAKE_OK;

import java.util.EnumMap;
import java.util.Map;

/**
 * The table of an Llm's life: every state × trigger has exactly one cell. The state diagram in {@code docs/lifecycle.md}
 * is drawn from it, and {@link Lifecycle} moves by it alone. Immutable.
 */
public final class Transitions {
    /** What a trigger does to a state. */
    public sealed interface Cell {}

    /** It moves, and history records it. {@code to} may be the state itself: then only what the row says changes. */
    public record Go(LlmState to, LlmEventType event) implements Cell {}

    /** Nothing is to be done, for the reason given: late, repeated, or true already. */
    public record Stay(String why) implements Cell {}

    /** Whoever asked gets this reason. */
    public record Refuse(Reason reason) implements Cell {}

    private static final String NEVER_PUBLIC = "a PUBLIC Llm is ACTIVE or DOWN";

    private static final Map<LlmState, Map<Trigger, Cell>> TABLE = table();

    private Transitions() {}

    /** The cell of a state and a trigger. */
    public static Cell of(LlmState state, Trigger trigger) {
        Cell cell = row(state).get(trigger);
        if (cell == null) {
            throw new IllegalStateException("no cell for " + state + " × " + trigger);
        }
        return cell;
    }

    private static Map<Trigger, Cell> row(LlmState state) {
        Map<Trigger, Cell> row = TABLE.get(state);
        if (row == null) {
            throw new IllegalStateException("no row for " + state);
        }
        return row;
    }

    private static Map<LlmState, Map<Trigger, Cell>> table() {
        Builder t = new Builder();

        t.from(ABSENT)
                .on(OFFER_AWAKE, ACTIVE, LlmEventType.REGISTERED)
                .on(OFFER_ASLEEP, HIBERNATING, LlmEventType.REGISTERED)
                .on(ADOPT_AWAKE, ACTIVE, LlmEventType.REGISTERED)
                .on(ADOPT_ASLEEP, HIBERNATING, LlmEventType.REGISTERED)
                .on(DECLARE, ACTIVE, LlmEventType.REGISTERED)
                .refuse(Reason.LLM_NOT_FOUND, WAKE, REMOVE)
                .rest("there is no such Llm");

        t.from(ACTIVE)
                .stay("awake already", OFFER_AWAKE, REPORT_ACTIVE, WAKE, WAKE_OK, WAKE_FAIL)
                .on(OFFER_ASLEEP, HIBERNATING, LlmEventType.REACTIVATED)
                .refuse(Reason.NAME_IN_USE, ADOPT_AWAKE, ADOPT_ASLEEP)
                .on(REPORT_HIBERNATING, HIBERNATING, LlmEventType.BACKEND_DOWN)
                .on(REPORT_INACTIVE, DOWN, LlmEventType.BACKEND_DOWN)
                .on(SLEEP_OK, HIBERNATING, LlmEventType.SLEPT)
                .publisherLeaves(LlmEventType.DEACTIVATED)
                .stay("its publisher is here", EXPIRE)
                .refuse(Reason.NAME_EXISTS, DECLARE)
                .on(REDECLARE, ACTIVE, LlmEventType.UPDATED)
                .on(REMOVE, ABSENT, LlmEventType.DELETED);

        t.from(HIBERNATING)
                .on(OFFER_AWAKE, ACTIVE, LlmEventType.REACTIVATED)
                .stay("asleep already", OFFER_ASLEEP, REPORT_HIBERNATING, SLEEP_OK)
                .refuse(Reason.NAME_IN_USE, ADOPT_AWAKE, ADOPT_ASLEEP)
                .on(REPORT_ACTIVE, ACTIVE, LlmEventType.BACKEND_UP)
                .on(REPORT_INACTIVE, DOWN, LlmEventType.BACKEND_DOWN)
                .on(WAKE, WAKING, LlmEventType.WAKE_STARTED)
                .on(WAKE_OK, ACTIVE, LlmEventType.BACKEND_UP)
                .stay("no wake is under way", WAKE_FAIL)
                .publisherLeaves(LlmEventType.DEACTIVATED)
                .stay("its publisher is here", EXPIRE)
                .refuse(Reason.NAME_EXISTS, DECLARE)
                .stay(NEVER_PUBLIC, REDECLARE, REMOVE);

        t.from(WAKING)
                .on(OFFER_AWAKE, ACTIVE, LlmEventType.WOKE)
                .stay("its wake is under way", OFFER_ASLEEP, REPORT_HIBERNATING, WAKE, SLEEP_OK)
                .refuse(Reason.NAME_IN_USE, ADOPT_AWAKE, ADOPT_ASLEEP)
                .on(REPORT_ACTIVE, ACTIVE, LlmEventType.WOKE)
                .on(REPORT_INACTIVE, DOWN, LlmEventType.BACKEND_DOWN)
                .on(WAKE_OK, ACTIVE, LlmEventType.WOKE)
                .on(WAKE_FAIL, HIBERNATING, LlmEventType.WAKE_FAILED)
                .publisherLeaves(LlmEventType.DEACTIVATED)
                .stay("its publisher is here", EXPIRE)
                .refuse(Reason.NAME_EXISTS, DECLARE)
                .stay(NEVER_PUBLIC, REDECLARE, REMOVE);

        t.from(SILENT)
                .on(OFFER_AWAKE, ACTIVE, LlmEventType.REACTIVATED)
                .on(OFFER_ASLEEP, HIBERNATING, LlmEventType.REACTIVATED)
                .on(ADOPT_AWAKE, ACTIVE, LlmEventType.ADOPTED)
                .on(ADOPT_ASLEEP, HIBERNATING, LlmEventType.ADOPTED)
                .on(REPORT_ACTIVE, ACTIVE, LlmEventType.REACTIVATED)
                .on(REPORT_HIBERNATING, HIBERNATING, LlmEventType.REACTIVATED)
                .on(REPORT_INACTIVE, DOWN, LlmEventType.BACKEND_DOWN)
                .refuse(Reason.LLM_INACTIVE, WAKE)
                .on(WAKE_OK, ACTIVE, LlmEventType.REACTIVATED)
                .stay("its agent is silent", WAKE_FAIL, SLEEP_OK, SILENCE)
                .on(DISCONNECT, LOST, LlmEventType.UPDATED)
                .on(LEAVE, LEFT, LlmEventType.UPDATED)
                .on(RESTART, LOST, LlmEventType.UPDATED)
                .on(EXPIRE, ABSENT, LlmEventType.DELETED)
                .on(DECLARE, ACTIVE, LlmEventType.ADOPTED)
                .stay(NEVER_PUBLIC, REDECLARE, REMOVE);

        t.from(LOST)
                .on(OFFER_AWAKE, ACTIVE, LlmEventType.REACTIVATED)
                .on(OFFER_ASLEEP, HIBERNATING, LlmEventType.REACTIVATED)
                .on(ADOPT_AWAKE, ACTIVE, LlmEventType.ADOPTED)
                .on(ADOPT_ASLEEP, HIBERNATING, LlmEventType.ADOPTED)
                .refuse(Reason.LLM_INACTIVE, WAKE)
                .on(LEAVE, LEFT, LlmEventType.UPDATED)
                .on(EXPIRE, ABSENT, LlmEventType.DELETED)
                .on(DECLARE, ACTIVE, LlmEventType.ADOPTED)
                .rest("its agent is not connected");

        t.from(LEFT)
                .on(OFFER_AWAKE, ACTIVE, LlmEventType.REACTIVATED)
                .on(OFFER_ASLEEP, HIBERNATING, LlmEventType.REACTIVATED)
                .on(ADOPT_AWAKE, ACTIVE, LlmEventType.ADOPTED)
                .on(ADOPT_ASLEEP, HIBERNATING, LlmEventType.ADOPTED)
                .refuse(Reason.LLM_INACTIVE, WAKE)
                .on(EXPIRE, ABSENT, LlmEventType.DELETED)
                .on(DECLARE, ACTIVE, LlmEventType.ADOPTED)
                .rest("its agent has left it");

        t.from(DOWN)
                .on(OFFER_AWAKE, ACTIVE, LlmEventType.REACTIVATED)
                .on(OFFER_ASLEEP, HIBERNATING, LlmEventType.REACTIVATED)
                .refuse(Reason.NAME_IN_USE, ADOPT_AWAKE, ADOPT_ASLEEP)
                .on(REPORT_ACTIVE, ACTIVE, LlmEventType.BACKEND_UP)
                .on(REPORT_HIBERNATING, HIBERNATING, LlmEventType.BACKEND_UP)
                .stay("known to be down", REPORT_INACTIVE, WAKE_FAIL, SLEEP_OK)
                .refuse(Reason.LLM_INACTIVE, WAKE)
                .on(WAKE_OK, ACTIVE, LlmEventType.BACKEND_UP)
                .publisherLeaves(LlmEventType.UPDATED)
                .stay("its publisher is here", EXPIRE)
                .refuse(Reason.NAME_EXISTS, DECLARE)
                .on(REDECLARE, ACTIVE, LlmEventType.UPDATED)
                .on(REMOVE, ABSENT, LlmEventType.DELETED);
        return t.build();
    }

    private static final class Builder {
        private final Map<LlmState, Map<Trigger, Cell>> table = new EnumMap<>(LlmState.class);
        private Map<Trigger, Cell> row = new EnumMap<>(Trigger.class);

        Builder from(LlmState state) {
            row = new EnumMap<>(Trigger.class);
            table.put(state, row);
            return this;
        }

        Builder on(Trigger trigger, LlmState to, LlmEventType event) {
            return cell(trigger, new Go(to, event));
        }

        Builder publisherLeaves(LlmEventType event) {
            return on(SILENCE, SILENT, event)
                    .on(DISCONNECT, LOST, event)
                    .on(LEAVE, LEFT, event)
                    .on(RESTART, LOST, event);
        }

        Builder stay(String why, Trigger... triggers) {
            for (Trigger trigger : triggers) {
                cell(trigger, new Stay(why));
            }
            return this;
        }

        Builder refuse(Reason reason, Trigger... triggers) {
            for (Trigger trigger : triggers) {
                cell(trigger, new Refuse(reason));
            }
            return this;
        }

        void rest(String why) {
            for (Trigger trigger : Trigger.values()) {
                row.putIfAbsent(trigger, new Stay(why));
            }
        }

        private Builder cell(Trigger trigger, Cell cell) {
            if (row.put(trigger, cell) != null) {
                throw new IllegalStateException(trigger + " has two cells");
            }
            return this;
        }

        Map<LlmState, Map<Trigger, Cell>> build() {
            for (LlmState state : LlmState.values()) {
                for (Trigger trigger : Trigger.values()) {
                    if (!table.getOrDefault(state, Map.of()).containsKey(trigger)) {
                        throw new IllegalStateException("no cell for " + state + " × " + trigger);
                    }
                }
            }
            return table;
        }
    }
}
