package dormouse.server.relay;

import dormouse.server.control.AttachedAgent;
import dormouse.server.control.InferOrder;
import dormouse.server.control.Lane;
import dormouse.server.control.Time;
import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.server.fleet.TaskRecord;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One infer from the moment it is taken on to its end:
 *
 * <pre>
 *   PLACING ──▶ WAKING ──▶ QUEUED ──▶ RUNNING ──▶ ENDED      (any of them ──▶ ENDED by a deadline, a cancel, a loss)
 *      ▲  └──────────────────▲  │          │
 *      └────────────────────────┴──────────┘  its Llm fell asleep
 * </pre>
 *
 * Every event of it runs on a small lane of its own, so that its client hears one thing at a time; that lane never blocks.
 * While it runs, {@link TaskFlow} carries its bytes.
 */
public final class Task implements WakeGate.Waiter {
    private static final int MOST_DISPATCHES = 3;

    private enum Stage {
        PLACING,
        WAKING,
        QUEUED,
        RUNNING,
        ENDED
    }

    private final TaskId id;
    private volatile InferCall call; // without its body once that is no longer needed
    private final Client client;
    private final Relay relay;
    private final Time time;
    private final int window;
    private final Lane lane = new Lane(Runnable::run);
    private final long begun;

    // On the lane.
    private Stage stage = Stage.PLACING;
    private Runnable releaseInput = () -> {};
    private Time.@Nullable Alarm totalAlarm;
    private Time.@Nullable Alarm phaseAlarm;
    private @Nullable LlmGate gate;
    private @Nullable WakeGate wakeGate;
    private @Nullable AttachedAgent agent;
    private long sentAt; // the row's revision
    private @Nullable TaskFlow flow;
    private long phaseBegun;
    private int dispatches;
    private Duration queued = Duration.ZERO;
    private Duration woke = Duration.ZERO;

    private volatile boolean woken;

    Task(TaskId id, InferCall call, Client client, Relay relay, Time time, int window) {
        this.id = id;
        this.call = call;
        this.client = client;
        this.relay = relay;
        this.time = time;
        this.window = window;
        this.begun = time.nanos();
        this.phaseBegun = begun;
    }

    /** Of this task, on the wire and in logs. */
    public TaskId id() {
        return id;
    }

    LlmName llm() {
        return call.llm();
    }

    /** Whether it has waited for a wake, so that it enters the queue without counting against its bound. */
    boolean woken() {
        return woken;
    }

    /** Ends it before it has begun. */
    void refuse(Failure why) {
        lane.run(() -> end(why));
    }

    /** @param release to be run once, when the body is no longer held */
    void begin(Runnable release) {
        lane.run(() -> {
            releaseInput = release;
            Duration total = call.deadlines().total();
            totalAlarm = time.after(total, () -> fail(late(Reason.DEADLINE, "it was not answered", total)));
        });
        place();
    }

    /** Goes to where its Llm's status sends it. */
    void place() {
        lane.run(() -> {
            if (stage != Stage.ENDED && stage != Stage.RUNNING) {
                relay.place(this);
            }
        });
    }

    private Failure late(Reason reason, String what, Duration limit) {
        return Failure.of(reason, llm() + ": " + what + " within " + limit.toMillis() + " ms");
    }

    /** Its Llm sleeps: wait for the wake. On the lane. */
    void awaitWake(WakeGate wakes) {
        enter(Stage.WAKING);
        wakeGate = wakes;
        relay.loadChanged(llm());
        Phase phase = relay.waking(llm());
        Failure tooSlow = tooSlow(phase);
        if (tooSlow != null) {
            Failure cooling = wakes.wakeUnwaited(llm());
            end(cooling == null ? tooSlow : cooling);
            return;
        }
        Duration patience = call.deadlines().wake();
        if (patience != null) {
            phaseAlarm = time.after(patience, () -> fail(tooLate(patience)));
        }
        client.phase(phase);
        wakes.await(llm(), false, this);
    }

    /** Null where the request waits for as long as the rest of the wake should take, or nobody knows how long that is. */
    private @Nullable Failure tooSlow(Phase phase) {
        if (phase.expected() == null) {
            return null;
        }
        Duration rest = phase.expected().minus(phase.elapsed());
        Duration total = call.deadlines().total().minus(time.since(begun));
        Duration wake = call.deadlines().wake();
        Duration patience = wake == null || total.compareTo(wake) < 0 ? total : wake;
        return rest.compareTo(patience) <= 0
                ? null
                : Failure.retry(
                        Reason.WAKE_TOO_SLOW,
                        llm() + ": its wake is expected to take " + rest.toMillis() + " ms more, and the request waits "
                                + patience.toMillis() + " ms",
                        rest);
    }

    private Failure tooLate(Duration patience) {
        Failure late = late(Reason.WAKE_TIMEOUT, "it was not awake", patience);
        return new Failure(late.reason(), late.message(), relay.comeBackAfter(llm()), late.details());
    }

    /** It stands in the queue. On the lane. */
    void inQueue(LlmGate entered, int position) {
        enter(Stage.QUEUED);
        gate = entered;
        Duration patience = call.deadlines().queue();
        phaseAlarm = time.after(patience, () -> fail(late(Reason.QUEUE_TIMEOUT, "its turn did not come", patience)));
        relay.loadChanged(llm());
        if (!entered.hasRoom()) {
            client.phase(new Phase(Phase.Kind.QUEUED, llm(), position, Duration.ZERO, null));
        }
    }

    /** The wake that it waited for has succeeded. */
    @Override
    public void awake() {
        lane.run(() -> {
            if (stage == Stage.WAKING) {
                woke = woke.plus(time.since(phaseBegun));
                woken = true;
                enter(Stage.PLACING);
                relay.place(this);
            }
        });
    }

    /** The wake that it waited for has failed. */
    @Override
    public void failed(Failure why) {
        fail(why);
    }

    /** Its turn has come: a slot of the gate is its own until {@link #slotFree}. */
    void run(LlmGate slot) {
        lane.run(() -> {
            if (stage != Stage.QUEUED) {
                slot.release();
                return;
            }
            queued = queued.plus(time.since(phaseBegun));
            sentAt = relay.revision(llm());
            AttachedAgent found = relay.agentOf(llm());
            if (found == null) {
                end(Failure.retry(
                        Reason.AGENT_LOST, "the agent of " + llm() + " is not connected", Duration.ofSeconds(2)));
                slot.release();
                return;
            }
            agent = found;
            enter(Stage.RUNNING);
            dispatches++;
            relay.loadChanged(llm());
            client.phase(new Phase(Phase.Kind.DISPATCHED, llm(), 0, Duration.ZERO, null));
            Duration left = call.deadlines().total().minus(time.since(begun));
            flow = new TaskFlow(this, found.line(), client, lane, time, window, call.deadlines());
            flow.start(new InferOrder(
                    id,
                    llm(),
                    call.path(),
                    call.contentType(),
                    call.input().asReadOnlyBuffer(),
                    left.isNegative() ? Duration.ZERO : left,
                    call.deadlines().firstByte(),
                    call.deadlines().idle(),
                    call.headers()));
        });
    }

    /** The client can take more. */
    public void ready() {
        lane.run(() -> {
            if (flow != null) {
                flow.pump();
            }
        });
    }

    /** The client is gone, in whatever phase: nothing more is told to it, and the backend's work is ended. */
    public void cancel() {
        lane.run(() -> {
            if (stage != Stage.ENDED) {
                stop(Failure.of(Reason.CLIENT_GONE, "the client is gone"));
            }
        });
    }

    /** Ends it, and tells the client why; nothing where it has ended. */
    void fail(Failure why) {
        lane.run(() -> end(why));
    }

    /** Ends it where no agent works on it yet. */
    void failUnlessRunning(Failure why) {
        lane.run(() -> {
            if (stage != Stage.RUNNING) {
                end(why);
            }
        });
    }

    // What follows is on the lane.

    private void end(Failure why) {
        if (stage != Stage.ENDED) {
            stop(why);
            client.failed(why);
        }
    }

    /** The answer is whole and the client has it. */
    void finished(Usage usage, Duration firstByte) {
        if (stage != Stage.ENDED) {
            stop(null);
            client.finished(new Summary(usage, queued, woke, firstByte, time.since(begun)));
        }
    }

    /** The agent has ended the task, or is not waited for any longer: the slot is free. */
    void slotFree() {
        relay.loadChanged(llm());
        if (gate != null) {
            gate.release();
        }
    }

    /** The backend had just been put to sleep, nothing was sent: once more from the start; false where that's enough. */
    boolean startOver() {
        AttachedAgent sleeper = agent;
        if (stage != Stage.RUNNING || dispatches >= MOST_DISPATCHES || sleeper == null) {
            return false;
        }
        flow = null;
        enter(Stage.PLACING);
        slotFree();
        relay.asleep(this, sleeper, sentAt);
        return true;
    }

    /** All of its window is on the way, unread. Any thread. */
    void windowUsedUp() {
        relay.windowUsedUp();
    }

    /** The first byte is there: nobody will be asked for this answer again. */
    void inputDone() {
        releaseInput.run();
        releaseInput = () -> {};
        call = call.withoutInput();
    }

    private void enter(Stage next) {
        if (phaseAlarm != null) {
            phaseAlarm.cancel();
            phaseAlarm = null;
        }
        stage = next;
        phaseBegun = time.nanos();
    }

    private void stop(@Nullable Failure why) {
        Stage was = stage;
        enter(Stage.ENDED);
        if (totalAlarm != null) {
            totalAlarm.cancel();
        }
        inputDone();
        if (was == Stage.WAKING && wakeGate != null) {
            wakeGate.leave(llm(), this);
        }
        if (was == Stage.QUEUED && gate != null) {
            gate.leave(this);
        }
        if (was == Stage.RUNNING && flow != null && why != null) {
            flow.abort(why);
        }
        relay.loadChanged(llm());
        relay.ended(this, record(why));
    }

    private TaskRecord record(@Nullable Failure why) {
        TaskFlow last = flow;
        Usage usage = last == null ? Usage.UNKNOWN : last.usage();
        return new TaskRecord(
                id,
                call.llm(),
                llm(),
                call.caller(),
                time.now(),
                why == null ? null : why.reason(),
                usage.promptTokens(),
                usage.completionTokens(),
                last == null ? 0 : last.delivered(),
                queued,
                woke,
                last == null ? null : last.firstByte(),
                time.since(begun));
    }
}
