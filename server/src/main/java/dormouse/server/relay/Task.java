package dormouse.server.relay;

import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Lane;
import dormouse.server.control.Time;
import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Spans;
import dormouse.server.fleet.TaskId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One infer from the moment it is taken on to its end:
 *
 * <pre>
 *   PLACING ──▶ WAKING ──▶ QUEUED ──▶ RUNNING ──▶ ENDED      (any of them ──▶ ENDED by a deadline, a cancel, a loss)
 *      ▲  └──────────────────▲  │          │
 *      └────────────────────────┴──────────┘  its Llm fell asleep; a pool's member was lost before the first byte
 * </pre>
 *
 * Every event of it runs on a small lane of its own, so that its client hears one thing at a time; that lane never blocks.
 * While it runs, {@link TaskFlow} carries its bytes. Where its name is a pool's, {@link PoolTrip} keeps what is behind it;
 * it may then go from WAKING to RUNNING too, when another member has a slot for it.
 */
public final class Task {
    private enum Stage {
        PLACING,
        WAKING,
        QUEUED,
        RUNNING,
        ENDED
    }

    private final TaskId id;
    private final long arrival;
    private volatile InferCall call; // without its body once that is no longer needed
    private final Client client;
    private final Relay relay;
    private final Time time;
    private final Lane lane = new Lane(Runnable::run);

    // On the lane.
    private final TaskClock clock;
    private final TaskWait waiting;
    private final TaskTries tries;
    private Stage stage = Stage.PLACING;
    private Runnable releaseInput = () -> {};

    private volatile @Nullable PoolTrip trip;

    /** @param arrival grows from task to task */
    Task(TaskId id, long arrival, InferCall call, Client client, Relay relay, Time time, int window) {
        this.id = id;
        this.arrival = arrival;
        this.call = call;
        this.client = client;
        this.relay = relay;
        this.time = time;
        this.clock = new TaskClock(time);
        this.waiting = new TaskWait(this, client, relay, clock);
        this.tries = new TaskTries(this, client, relay, lane, time, window);
    }

    /** Of this task, on the wire and in logs. */
    public TaskId id() {
        return id;
    }

    /** Its number in the order in which tasks came. */
    long arrival() {
        return arrival;
    }

    InferCall call() {
        return call;
    }

    /** The Llm that was asked for; of a pool, the member chosen last, and before the first the pool. */
    LlmName llm() {
        PoolTrip way = trip;
        return way == null ? call.llm() : way.llm();
    }

    /** What is behind it on its way through a pool; null where it asks for an Llm. */
    @Nullable
    PoolTrip trip() {
        return trip;
    }

    /** Its name is a pool's. */
    void travel(PoolTrip begun) {
        trip = begun;
    }

    /** Whether it has waited for a wake, so that it enters the queue without counting against its bound. */
    boolean woken() {
        return waiting.woken();
    }

    /** @param release to be run once, when the body is no longer held */
    void begin(Runnable release) {
        lane.run(() -> {
            releaseInput = release;
            Duration total = call.deadlines().total();
            clock.limitAll(total, () -> fail(late(Reason.DEADLINE, "it was not answered", total)));
        });
        place();
    }

    /** The credential of the one who asked. */
    String caller() {
        return call.caller();
    }

    /** Goes to where its Llm's status sends it. */
    void place() {
        lane.run(() -> {
            if (stage != Stage.ENDED && stage != Stage.RUNNING) {
                relay.place(this);
            }
        });
    }

    /** Something has changed for those who stand in its pool's line; what waits for a wake hears of that by itself. */
    void placeFromLine(boolean all) {
        lane.run(() -> {
            PoolTrip way = trip;
            if (stage == Stage.QUEUED && way != null && (all || !way.isPlain())) {
                relay.place(this);
            }
        });
    }

    Failure late(Reason reason, String what, Duration limit) {
        return Failure.of(reason, llm() + ": " + what + " within " + Spans.say(limit));
    }

    /**
     * Its Llm, or a member of its pool, sleeps or wakes: wait for that, and in the pool's line. On the lane.
     *
     * @param line null where it asks for an Llm
     */
    void awaitWake(WakeGate wakes, LlmName llm, @Nullable Pool line) {
        enter(Stage.WAKING);
        PoolTrip way = trip;
        if (way != null && line != null) {
            way.choose(llm);
            way.stand(this, line, false);
        }
        waiting.forWake(wakes, llm, call.deadlines());
    }

    /** The wake has succeeded. */
    void awake(WakeWait waited) {
        lane.run(() -> {
            if (stage == Stage.WAKING && waiting.isFor(waited)) {
                waiting.awake();
                unplace();
                relay.place(this);
            }
        });
    }

    /** The wake came to nothing: in a pool another member may do. */
    void notWoken(WakeWait waited, Failure why) {
        lane.run(() -> {
            PoolTrip way = trip;
            if (stage != Stage.WAKING || !waiting.isFor(waited)) {
                return;
            }
            if (way == null) {
                end(why);
                return;
            }
            waiting.leave();
            way.unwoken(waited.llm(), why);
            unplace();
            relay.place(this);
        });
    }

    /** It stands in the queue. On the lane. */
    void inQueue(LlmGate entered, int position) {
        enter(Stage.QUEUED);
        waiting.inQueue(entered, position, call.deadlines().queue());
    }

    /** It stands in its pool's line, for a slot of any member; nothing where it did. On the lane. */
    void inLine(PoolTrip way, Pool line) {
        if (stage != Stage.QUEUED || way.line() != line) {
            boolean counts = !way.exempt(woken());
            enter(Stage.QUEUED);
            waiting.inLine(line, way.stand(this, line, counts), call.deadlines().queue());
        }
    }

    /** Its turn has come: a slot of the gate is its own until {@link TaskTries#slotFree}. */
    void run(LlmGate slot) {
        lane.run(() -> {
            if (stage == Stage.QUEUED || (stage == Stage.WAKING && trip != null)) {
                start(slot);
            } else {
                slot.release();
            }
        });
    }

    /** The same, on the lane: it waits for nothing else. */
    void start(LlmGate slot) {
        PoolTrip way = trip;
        waiting.leave();
        if (way != null) {
            way.choose(slot.llm());
        }
        AttachedAgent agent = relay.agentOf(slot.llm());
        if (agent != null) {
            enter(Stage.RUNNING);
            if (way != null) {
                relay.pools().sent(way);
            }
            tries.begin(slot, agent, call, clock.total());
            return;
        }
        if (way == null) {
            end(Failure.retry(Reason.AGENT_LOST, "the agent of " + llm() + " is not connected", Duration.ofSeconds(2)));
        } else {
            unplace();
            relay.place(this); // whose agent is not connected is not chosen
        }
        slot.release();
    }

    /** The client can take more. */
    public void ready() {
        lane.run(() -> {
            TaskFlow flow = tries.flow();
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
    public void fail(Failure why) {
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
            client.finished(new Summary(usage, clock.queued(), clock.woke(), firstByte, clock.total()));
        }
    }

    boolean isRunning() {
        return stage == Stage.RUNNING;
    }

    /** It waits for nothing and runs nowhere: it is to be placed anew. */
    void unplace() {
        enter(Stage.PLACING);
    }

    /** The first byte is there: nobody will be asked for this answer again. */
    void firstByte() {
        PoolTrip way = trip;
        if (way != null) {
            relay.pools().answered(way);
        }
        forgetInput();
    }

    private void forgetInput() {
        releaseInput.run();
        releaseInput = () -> {};
        call = call.withoutInput();
    }

    private void enter(Stage next) {
        if (stage == Stage.QUEUED) {
            clock.addQueued();
        } else if (stage == Stage.WAKING) {
            clock.addWoke();
        }
        clock.nextPhase();
        stage = next;
    }

    private void stop(@Nullable Failure why) {
        TaskFlow flow = tries.flow();
        boolean running = stage == Stage.RUNNING;
        enter(Stage.ENDED);
        clock.stop();
        forgetInput();
        waiting.leave();
        if (running && flow != null && why != null) {
            flow.abort(why);
        }
        relay.loadChanged(llm());
        relay.ended(this, clock.record(id, call, llm(), time.now(), why, flow));
    }
}
