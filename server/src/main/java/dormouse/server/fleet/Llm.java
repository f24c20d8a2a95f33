package dormouse.server.fleet;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A named model that a client can call, as it stands after revision {@code revision}.
 *
 * @param reason one line for a person: why it is as it is
 * @param owner null for {@link LlmKind#PUBLIC}
 * @param lastHeartbeat the last sign of life that this row has seen; null for PUBLIC
 * @param inactiveSince since when it is INACTIVE for its present cause; null while it is not
 * @param before of a {@link LlmState#SILENT} one: the state to which a heartbeat revives it; else null
 * @param revision of the latest lifecycle change; 0 before the first is saved
 */
public record Llm(
        LlmName name,
        LlmKind kind,
        LlmState state,
        String reason,
        LlmSpec spec,
        @Nullable Owner owner,
        Instant createTime,
        Instant updateTime,
        @Nullable Instant lastHeartbeat,
        @Nullable Instant inactiveSince,
        @Nullable LlmState before,
        long revision) {

    /** @throws IllegalArgumentException where the parts contradict one another */
    public Llm {
        if (state == LlmState.ABSENT) {
            throw new IllegalArgumentException(name + ": a row is never ABSENT");
        }
        if ((kind == LlmKind.VIRTUAL) != (owner != null)) {
            throw new IllegalArgumentException(name + ": exactly the VIRTUAL ones have an owner");
        }
        if ((state.status() == LlmStatus.INACTIVE) != (inactiveSince != null)) {
            throw new IllegalArgumentException(name + ": exactly the INACTIVE ones are inactive since some time");
        }
    }

    /** What a client sees. */
    public LlmStatus status() {
        return state.status();
    }

    /** Whether {@code session} owns it. */
    public boolean ownedBy(SessionId session) {
        return owner != null && owner.session().equals(session);
    }

    /** The same where its session was heard at {@code at}, if that is news. */
    public Llm heardAt(Instant at) {
        return lastHeartbeat == null || !lastHeartbeat.isBefore(at)
                ? this
                : new Llm(
                        name,
                        kind,
                        state,
                        reason,
                        spec,
                        owner,
                        createTime,
                        updateTime,
                        at,
                        inactiveSince,
                        before,
                        revision);
    }

    /** The same for one for whom its pool does not exist. */
    public Llm withoutPool() {
        LlmSpec without = new LlmSpec(
                spec.model(),
                "",
                spec.concurrency(),
                spec.wakeable(),
                spec.sleepable(),
                spec.labels(),
                spec.maxWait(),
                spec.type());
        return new Llm(
                name,
                kind,
                state,
                reason,
                without,
                owner,
                createTime,
                updateTime,
                lastHeartbeat,
                inactiveSince,
                before,
                revision);
    }

    /** The same with the revision that the store gave to the change. */
    public Llm atRevision(long newRevision) {
        return new Llm(
                name,
                kind,
                state,
                reason,
                spec,
                owner,
                createTime,
                updateTime,
                lastHeartbeat,
                inactiveSince,
                before,
                newRevision);
    }

    /** As the disk has it: a wake under way is known to the running server alone. */
    public Llm stored() {
        return state == state.stored()
                ? this
                : new Llm(
                        name,
                        kind,
                        state.stored(),
                        reason,
                        spec,
                        owner,
                        createTime,
                        updateTime,
                        lastHeartbeat,
                        inactiveSince,
                        before,
                        revision);
    }
}
