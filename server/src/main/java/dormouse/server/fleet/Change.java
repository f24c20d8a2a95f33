package dormouse.server.fleet;

import org.jspecify.annotations.Nullable;

/**
 * A decision about one Llm that is to be saved, and then told.
 *
 * @param before the row that the decision was made on; null where there was none
 * @param after the row to be; null where it is deleted
 * @param detail one line for a person
 * @param actor the credential on whose behalf; empty where there is none, or nobody asked for it
 * @param declaration of a PUBLIC one, what the operator says of it from now on, to be saved with it; null: as before
 */
public record Change(
        @Nullable Llm before,
        @Nullable Llm after,
        LlmEventType type,
        String detail,
        String actor,
        @Nullable Declaration declaration) {
    /** @throws IllegalArgumentException where both sides are missing, or name different Llms */
    public Change {
        if (before == null && after == null) {
            throw new IllegalArgumentException("a change has a before or an after");
        }
        if (before != null && after != null && !before.name().equals(after.name())) {
            throw new IllegalArgumentException(before.name() + " can't become " + after.name());
        }
        if (declaration != null
                && (after == null
                        || after.kind() != LlmKind.PUBLIC
                        || !declaration.name().equals(after.name()))) {
            throw new IllegalArgumentException(declaration.name() + ": what is declared is saved with its own row");
        }
    }

    /** One that leaves what the operator says as it is. */
    public Change(@Nullable Llm before, @Nullable Llm after, LlmEventType type, String detail) {
        this(before, after, type, detail, "", null);
    }

    /** The same, and with it what the operator says. */
    public Change with(Declaration declared) {
        return new Change(before, after, type, detail, actor, declared);
    }

    /** The same on behalf of a credential. */
    public Change by(String who) {
        return new Change(before, after, type, detail, who, declaration);
    }

    /** The row that the history shows: as it is after the change, or as it was where it is deleted. */
    public Llm subject() {
        if (after != null) {
            return after;
        }
        if (before != null) {
            return before;
        }
        throw new IllegalStateException("checked in the constructor");
    }
}
