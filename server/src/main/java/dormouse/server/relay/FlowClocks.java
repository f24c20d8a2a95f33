package dormouse.server.relay;

import dormouse.server.control.Lane;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Spans;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One running task's clocks: of the first byte, of silence, and of a client that takes nothing. One alarm is set anew when
 * it goes off too early, not with each byte. While no stream has the task the first two stand still. Bytes are noted by
 * the agent's thread, the rest is on the task's lane.
 */
final class FlowClocks {
    /** What is to be known of the flow. On the lane. */
    interface Flow {
        /** Whether nothing is awaited any more. */
        boolean isOver();

        /** Whether bytes wait for the client. */
        boolean hasBytes();

        LlmName llm();

        void late(Failure why);
    }

    private final Time time;
    private final Lane lane;
    private final Deadlines deadlines;
    private final Flow flow;
    private final long begun;
    private volatile long arrivedAt;
    private volatile long filledAt;
    private long takenAt;
    private long waitedSince; // for the first byte
    private long suspendedAt;
    private boolean suspended;
    private boolean answering;
    private Time.@Nullable Alarm alarm;

    FlowClocks(Time time, Lane lane, Deadlines deadlines, Flow flow) {
        this.time = time;
        this.lane = lane;
        this.deadlines = deadlines;
        this.flow = flow;
        this.begun = time.nanos();
        this.arrivedAt = begun;
        this.filledAt = begun;
        this.takenAt = begun;
        this.waitedSince = begun;
    }

    void start() {
        again(deadlines.firstByte());
    }

    /**
     * Bytes have come. By the agent's thread.
     *
     * @param first none were there
     */
    void arrived(boolean first) {
        arrivedAt = time.nanos();
        if (first) {
            filledAt = arrivedAt;
        }
    }

    /** The agent is back. By its thread, before {@link #resume}. */
    void back() {
        arrivedAt = time.nanos();
    }

    /** The first byte is there: how long it took. */
    Duration firstByte() {
        answering = true;
        takenAt = time.nanos();
        again(deadlines.idle());
        return time.since(begun);
    }

    /** The client has taken something. */
    void taken() {
        takenAt = time.nanos();
    }

    void suspend() {
        suspended = true;
        suspendedAt = time.nanos();
    }

    void resume() {
        if (suspended) {
            suspended = false;
            waitedSince += time.nanos() - suspendedAt;
            if (alarm != null && !flow.isOver()) {
                check();
            }
        }
    }

    void stop() {
        if (alarm != null) {
            alarm.cancel();
            alarm = null;
        }
    }

    /** From now on there is this to be waited for alone. */
    void await(Duration limit, Runnable over) {
        stop();
        alarm = time.after(limit, () -> lane.run(over));
    }

    private void again(Duration in) {
        await(in, this::check);
    }

    private void check() {
        stop();
        if (flow.isOver()) {
            return;
        }
        boolean clientHolds = answering && flow.hasBytes();
        Duration limit = answering ? deadlines.idle() : deadlines.firstByte();
        if (suspended && !clientHolds) {
            again(limit);
            return;
        }
        long since = !answering ? waitedSince : Math.max(takenAt, clientHolds ? filledAt : arrivedAt);
        Duration left = limit.minus(time.since(since));
        if (!left.isNegative() && !left.isZero()) {
            again(left);
        } else if (clientHolds) {
            flow.late(Failure.of(Reason.CLIENT_TOO_SLOW, "the client took nothing for " + Spans.say(limit)));
        } else if (answering) {
            flow.late(
                    Failure.of(Reason.IDLE_TIMEOUT, flow.llm() + ": the backend sent nothing for " + Spans.say(limit)));
        } else {
            flow.late(Failure.of(
                    Reason.FIRST_BYTE_TIMEOUT,
                    flow.llm() + ": the first byte did not come within " + Spans.say(limit)));
        }
    }
}
