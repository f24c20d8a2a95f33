package dormouse.server.relay;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Where one task waits: in an Llm's queue, for a wake, in its pool's line; the last two also at once. On its lane. */
final class TaskWait {
    private final Task task;
    private final Client client;
    private final Relay relay;
    private final TaskClock clock;
    private @Nullable LlmGate queue;
    private @Nullable WakeWait wake;
    private volatile boolean woken;

    TaskWait(Task task, Client client, Relay relay, TaskClock clock) {
        this.task = task;
        this.client = client;
        this.relay = relay;
        this.clock = clock;
    }

    /** Whether a wake that it waited for has succeeded. Any thread. */
    boolean woken() {
        return woken;
    }

    /** For a wake of this Llm, its own or a member of its pool. */
    void forWake(WakeGate wakes, LlmName llm, Deadlines deadlines) {
        WakeWait waiting = new WakeWait(task, wakes, llm);
        wake = waiting;
        relay.loadChanged(llm);
        Duration asked = deadlines.wake();
        Duration patience = asked == null ? null : asked.minus(clock.woke());
        Phase phase = relay.waking(llm);
        Failure tooSlow = tooSlow(phase, patience, deadlines.total().minus(clock.total()));
        if (tooSlow != null) {
            PoolTrip way = task.trip();
            Failure cooling = way == null || !way.waitedTooShort()
                    ? wakes.wakeUnwaited(llm, task.caller())
                    : null; // one is enough
            waiting.failed(cooling == null ? tooSlow : cooling);
            return;
        }
        if (asked != null && patience != null) {
            clock.limitPhase(patience, () -> task.fail(tooLate(llm, asked)));
        }
        client.phase(phase);
        waiting.begin();
    }

    /** Null where the request waits for as long as the rest of the wake should take, or nobody knows how long that is. */
    private static @Nullable Failure tooSlow(Phase phase, @Nullable Duration wake, Duration total) {
        if (phase.expected() == null) {
            return null;
        }
        Duration rest = phase.expected().minus(phase.elapsed());
        Duration patience = wake == null || total.compareTo(wake) < 0 ? total : wake;
        return rest.compareTo(patience) <= 0
                ? null
                : Failure.retry(
                        Reason.WAKE_TOO_SLOW,
                        phase.llm() + ": its wake is expected to take " + rest.toMillis()
                                + " ms more, and the request waits " + patience.toMillis() + " ms",
                        rest);
    }

    private Failure tooLate(LlmName llm, Duration patience) {
        Failure late = task.late(Reason.WAKE_TIMEOUT, "it was not awake", patience);
        return new Failure(late.reason(), late.message(), relay.comeBackAfter(llm), late.details());
    }

    /** Whether it waits for this wake, and not for another one by now. */
    boolean isFor(WakeWait one) {
        return wake == one;
    }

    /** The wake that it waits for has succeeded. */
    void awake() {
        wake = null;
        woken = true;
    }

    /** In the queue of its Llm. */
    void inQueue(LlmGate gate, int position, Duration patience) {
        queue = gate;
        limit(patience);
        relay.loadChanged(gate.llm());
        if (!gate.hasRoom()) {
            tell(gate.llm(), position);
        }
    }

    /** In its pool's line, for a slot of any member. */
    void inLine(Pool line, int position, Duration patience) {
        limit(patience);
        tell(line.name(), position);
    }

    private void limit(Duration patience) {
        clock.limitPhase(patience, () -> task.fail(task.late(Reason.QUEUE_TIMEOUT, "its turn did not come", patience)));
    }

    private void tell(LlmName name, int position) {
        client.phase(new Phase(Phase.Kind.QUEUED, name, position, Duration.ZERO, null));
    }

    /** No longer anywhere. */
    void leave() {
        if (wake != null) {
            wake.leave();
            wake = null;
        }
        if (queue != null) {
            queue.leave(task);
            queue = null;
        }
        PoolTrip way = task.trip();
        if (way != null) {
            way.leaveLine(task);
        }
    }
}
