package dormouse.server.fleet;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Llms in every state, those who speak of them, and each {@link Trigger} as a call of {@link Lifecycle}. */
final class Situations {
    static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");
    static final Instant CREATED = NOW.minus(Duration.ofDays(3));
    static final Duration MOMENT = Duration.ofSeconds(1);
    static final LlmName NAME = new LlmName("qwen3");
    static final LlmSpec SPEC = new LlmSpec("qwen3:8b", "", 4, true, true, Map.of(), Duration.ofSeconds(60), "ollama");
    static final Claimant ANA = new Claimant(new SessionId("s-ana"), "ana-desk", "key of ana", "main");
    static final Claimant HER_OTHER = new Claimant(new SessionId("s-other"), "ana-lab", "key of ana", "main");
    static final Claimant BOB = new Claimant(new SessionId("s-bob"), "bob-pc", "key of bob", "main");
    static final long EPOCH = 7;

    private Situations() {}

    /** Ana's row, heard a second ago; an INACTIVE one is so since then. */
    static Llm row(LlmState state) {
        return row(state, NOW.minus(MOMENT), NOW.minus(MOMENT));
    }

    /**
     * Ana's row.
     *
     * @param heard its last heartbeat
     * @param since since when it is INACTIVE, if it is
     */
    static Llm row(LlmState state, Instant heard, Instant since) {
        return new Llm(
                NAME,
                LlmKind.VIRTUAL,
                state,
                "as it was",
                SPEC,
                new Owner(ANA.session(), ANA.agentName(), ANA.principal(), EPOCH, ANA.replica()),
                CREATED,
                CREATED,
                heard,
                state.status() == LlmStatus.INACTIVE ? since : null,
                state == LlmState.SILENT ? LlmState.HIBERNATING : null,
                41);
    }

    /** An operator's own. */
    static Llm declared() {
        return new Llm(
                NAME, LlmKind.PUBLIC, LlmState.ACTIVE, "declared", SPEC, null, CREATED, CREATED, null, null, null, 41);
    }

    /** An operator's own, in that state. */
    static Llm declared(LlmState state) {
        Instant since = state.status() == LlmStatus.INACTIVE ? NOW.minus(MOMENT) : null;
        LlmState before = state == LlmState.SILENT ? LlmState.ACTIVE : null;
        return new Llm(NAME, LlmKind.PUBLIC, state, "as it was", SPEC, null, CREATED, CREATED, null, since, before, 41);
    }

    static Offer offer(boolean awake) {
        return new Offer(NAME, SPEC, awake);
    }

    /** Ana's row in that state, seen at a moment at which the trigger happens to it; null where there is none. */
    static @Nullable Llm before(LlmState state, Trigger trigger) {
        if (state == LlmState.ABSENT) {
            return null;
        }
        return switch (trigger) {
            case SILENCE -> row(state, NOW.minusSeconds(91), NOW.minusSeconds(91));
            case EXPIRE -> row(state, NOW.minus(MOMENT), NOW.minus(Duration.ofHours(5)));
            case REDECLARE, REMOVE -> declared(state);
            default -> row(state);
        };
    }

    /** What the lifecycle makes of a row when that happens; {@code row} is there where there must be one. */
    static Step happens(Trigger trigger, @Nullable Llm row) {
        return switch (trigger) {
            case OFFER_AWAKE -> Lifecycle.offer(row, offer(true), ANA, Terms.DEFAULT, NOW);
            case OFFER_ASLEEP -> Lifecycle.offer(row, offer(false), ANA, Terms.DEFAULT, NOW);
            case ADOPT_AWAKE -> Lifecycle.offer(row, offer(true), HER_OTHER, Terms.DEFAULT, NOW);
            case ADOPT_ASLEEP -> Lifecycle.offer(row, offer(false), HER_OTHER, Terms.DEFAULT, NOW);
            case REPORT_ACTIVE -> Lifecycle.report(there(row), LlmStatus.ACTIVE, "", NOW);
            case REPORT_HIBERNATING -> Lifecycle.report(there(row), LlmStatus.HIBERNATING, "", NOW);
            case REPORT_INACTIVE -> Lifecycle.report(there(row), LlmStatus.INACTIVE, "", NOW);
            case WAKE -> Lifecycle.wake(NAME, row, NOW);
            case WAKE_OK -> Lifecycle.woke(NAME, row, Duration.ofSeconds(9), NOW);
            case WAKE_FAIL -> Lifecycle.wakeFailed(NAME, row, "no light", NOW);
            case SLEEP_OK -> Lifecycle.slept(NAME, row, NOW);
            case SILENCE, EXPIRE -> Lifecycle.sweep(there(row), null, Terms.DEFAULT, NOW);
            case DISCONNECT -> Lifecycle.disconnected(there(row), "cut", NOW);
            case LEAVE -> Lifecycle.left(there(row), "bye", NOW);
            case RESTART -> Lifecycle.restarted(there(row), NOW);
            case DECLARE -> Lifecycle.declare(row, NAME, SPEC, "declared", NOW);
            case REDECLARE -> Lifecycle.redeclare(there(row), SPEC, "declared anew", NOW);
            case REMOVE -> Lifecycle.remove(NAME, row, "removed", NOW);
        };
    }

    private static Llm there(@Nullable Llm row) {
        if (row == null) {
            throw new IllegalArgumentException("only of a row that is there can this be said");
        }
        return row;
    }

    /** In the words of the tables in tests. */
    static String words(Step step) {
        if (step instanceof Step.Save save) {
            Llm after = save.change().after();
            return save.change().type() + " " + (after == null ? LlmState.ABSENT : after.state());
        }
        return step instanceof Step.Refused refused
                ? "refused " + refused.failure().reason()
                : "stays";
    }

    /** The row after a step that moves it. */
    static Llm after(Step step) {
        if (step instanceof Step.Save save && save.change().after() != null) {
            return save.change().after();
        }
        throw new AssertionError("not a row that is there and new: " + step);
    }
}
