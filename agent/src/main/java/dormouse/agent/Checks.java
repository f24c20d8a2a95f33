package dormouse.agent;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks one backend, time and again, whether it answers: down after three failures in a row, so that a moment's silence
 * is none, and up with the first success. On the loop alone.
 */
final class Checks {
    private static final int FAILURES_UNTIL_DOWN = 3;

    /** Whose backend it is. */
    interface Listener {
        /** Whether an answer would prove anything now. */
        boolean wantsCheck();

        /** What was seen, before {@link #isUp} says so. */
        void checked(Availability answer);
    }

    private final Loop loop;
    private final Supplier<CompletableFuture<Availability>> prober;
    private final Duration interval;
    private final Listener listener;
    private boolean up;
    private String seen = "not asked yet";
    private int failures;
    private boolean closed;
    private Loop.@Nullable Timer next;

    /** @param up what it is held for until it has been asked */
    Checks(
            Loop loop,
            Supplier<CompletableFuture<Availability>> prober,
            Duration interval,
            boolean up,
            Listener listener) {
        this.loop = loop;
        this.prober = prober;
        this.interval = interval;
        this.up = up;
        this.listener = listener;
    }

    /** Asks for the first time and goes on; completes when the first answer is there. */
    CompletableFuture<Availability> start() {
        return prober.get().whenComplete((answer, failure) -> {
            note(answer);
            schedule();
        });
    }

    void close() {
        closed = true;
        if (next != null) {
            next.cancel();
        }
    }

    boolean isUp() {
        return up;
    }

    /** What the last check saw, for a person. */
    String seen() {
        return seen;
    }

    /** It has sent something: that is as good as a check, though a late byte does not bring back what is down. */
    void heard() {
        failures = 0;
    }

    /** It is up, as is known from elsewhere. */
    void up() {
        up = true;
        failures = 0;
    }

    /** Takes an answer in. */
    void note(Availability answer) {
        seen = answer.detail();
        if (answer.up()) {
            up();
        } else if (++failures >= FAILURES_UNTIL_DOWN) {
            up = false;
        }
    }

    private void schedule() {
        if (!closed) {
            next = loop.after(interval, this::check);
        }
    }

    private void check() {
        if (!listener.wantsCheck()) {
            schedule();
            return;
        }
        Then.accept(prober.get(), answer -> {
            if (!closed && listener.wantsCheck()) {
                listener.checked(answer);
            }
            schedule();
        });
    }
}
