package dormouse.server.auth;

import dormouse.server.fleet.Failure;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call of a caller who was let in, from its head to its end. A door opens it, and closes it when the call is over,
 * however that comes; what the call has begun says how it is ended where the credential is revoked or expires meanwhile.
 * Any thread.
 */
public final class Visit implements AutoCloseable {
    private final Caller caller;
    private final @Nullable Standing standing;
    private final @Nullable Tally tally;
    private final Runnable last;
    private @Nullable Consumer<Failure> end; // all under this
    private @Nullable Failure ended;
    private boolean counted;
    private boolean closed;
    private @Nullable Runnable atLast;

    Visit(Caller caller, @Nullable Standing standing, @Nullable Tally tally, Runnable last) {
        this.caller = caller;
        this.standing = standing;
        this.tally = tally;
        this.last = last;
        if (standing != null) {
            standing.enter(this);
        }
    }

    /** Of a part of this server, which needs no credential. */
    public static Visit ofTheHouse() {
        return new Visit(Caller.ANYONE, null, null, () -> {});
    }

    public Caller caller() {
        return caller;
    }

    /** What ends the call where its credential ends first: once, on whatever thread; at once where that has happened. */
    public void whenEnded(Consumer<Failure> then) {
        Failure why;
        synchronized (this) {
            end = then;
            why = ended;
        }
        if (why != null) {
            then.accept(why);
        }
    }

    /** Why the credential of this call is no longer good; null where it is. */
    public synchronized @Nullable Failure ended() {
        return ended;
    }

    /** Happens once when the call is over, however that comes; at once where it is. One at most. */
    public void whenOver(Runnable then) {
        synchronized (this) {
            if (!closed) {
                atLast = then;
                return;
            }
        }
        then.run();
    }

    /** This call is a task, and counts as one until it is over; or why it may not. */
    public @Nullable Failure beginTask() {
        if (tally == null) {
            return null;
        }
        synchronized (this) {
            Failure refusal = closed || counted ? null : tally.begins();
            counted |= refusal == null && !closed;
            return refusal;
        }
    }

    void end(Failure why) {
        Consumer<Failure> then;
        synchronized (this) {
            if (closed || ended != null) {
                return;
            }
            ended = why;
            then = end;
        }
        if (then != null) {
            then.accept(why);
        }
    }

    /** The call is over. Idempotent. */
    @Override
    public void close() {
        Runnable then;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            end = null;
            then = atLast;
            if (counted && tally != null) {
                tally.ended();
            }
        }
        if (standing != null) {
            standing.leave(this);
        }
        last.run();
        if (then != null) {
            then.run();
        }
    }
}
