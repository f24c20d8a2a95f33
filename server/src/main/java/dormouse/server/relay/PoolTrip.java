package dormouse.server.relay;

import dormouse.server.control.AttachedAgent;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the task of a pool has behind it: the member chosen last, the one that it has lost, and those that it could not
 * wake. Changed on the task's lane alone; the volatile parts are read by any thread.
 */
final class PoolTrip {
    private final LlmName pool;
    private final Set<LlmName> unwoken = new HashSet<>();
    private @Nullable Prefixes prefixes;
    private @Nullable Pool line;
    private @Nullable Failure last;
    private long sent;
    private volatile LlmName llm;
    private volatile @Nullable LlmName lost;
    private volatile @Nullable AttachedAgent lostAgent;

    PoolTrip(LlmName pool) {
        this.pool = pool;
        this.llm = pool;
    }

    LlmName pool() {
        return pool;
    }

    /** The member chosen last; before that the pool. */
    LlmName llm() {
        return llm;
    }

    void choose(LlmName member) {
        llm = member;
    }

    /** Whether an agent or its backend was lost before the first byte, so that another member can take its place. */
    static boolean isLoss(Failure why) {
        return why.reason() == Reason.AGENT_LOST
                || why.reason() == Reason.BACKEND_FAILED
                || why.reason() == Reason.REPLICA_DRAINING;
    }

    /** The member chosen last was lost; false where that has happened before: once is enough. */
    boolean lose(Failure why, AttachedAgent agent) {
        if (lost != null) {
            return false;
        }
        last = why;
        lost = llm;
        lostAgent = why.reason() == Reason.BACKEND_FAILED ? null : agent;
        return true;
    }

    /** Whether its task is not turned away at the bound of the line: it stands in it, or has been through worse. */
    boolean exempt(boolean woken) {
        return woken || line != null || !isPlain();
    }

    /** The wake of this member came to nothing: it is not waited for once more. */
    void unwoken(LlmName member, Failure why) {
        boolean poolSaysMore = why.reason() == Reason.LLM_NOT_FOUND || why.reason() == Reason.LLM_INACTIVE;
        boolean later = waitedTooShort() && why.reason() == Reason.WAKE_TOO_SLOW && left(last) <= left(why);
        if (!poolSaysMore && !later) {
            last = why;
        }
        unwoken.add(member);
    }

    /** Whether a member's wake would have taken longer than the request waits. */
    boolean waitedTooShort() {
        return last != null && last.reason() == Reason.WAKE_TOO_SLOW;
    }

    private static long left(@Nullable Failure why) {
        return why == null || why.retryAfter() == null ? 0 : why.retryAfter().toNanos();
    }

    boolean couldNotWake(LlmName member) {
        return unwoken.contains(member);
    }

    /** Whether it has not lost this member, nor another one of the same stream. Any thread. */
    boolean mayRunAt(LlmName member, AttachedAgent agent) {
        return !member.equals(lost) && agent != lostAgent;
    }

    /** Whether any member can serve it that can serve others. */
    boolean isPlain() {
        return lost == null && unwoken.isEmpty();
    }

    /** Why the last try failed; null before the first that has. */
    @Nullable
    Failure last() {
        return last;
    }

    /** The conversation that it belongs to; null where nobody has looked. */
    @Nullable
    Prefixes prefixes() {
        return prefixes;
    }

    void prefixes(Prefixes found) {
        prefixes = found;
    }

    /** Its task stands in this pool's line, and in no other; its position, from 1. */
    int stand(Task task, Pool pool, boolean counts) {
        if (line != pool) {
            leaveLine(task);
        }
        line = pool;
        return pool.enter(task, counts);
    }

    void leaveLine(Task task) {
        if (line != null) {
            line.leave(task);
            line = null;
        }
    }

    /** The line in which its task stands; null where in none. */
    @Nullable
    Pool line() {
        return line;
    }

    /** When it was sent to the member chosen last, in nanoseconds of the clock. */
    long sent() {
        return sent;
    }

    void sentAt(long nanos) {
        sent = nanos;
    }
}
