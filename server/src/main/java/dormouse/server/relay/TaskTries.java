package dormouse.server.relay;

import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Lane;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One task's tries at agents: mostly the first is the last. Another follows where its Llm had fallen asleep, or where a
 * pool's member was lost before the first byte. Has the slot and the flow of the present one. On the task's lane.
 */
final class TaskTries {
    private static final int MOST = 3;

    private final Task task;
    private final Client client;
    private final Relay relay;
    private final Lane lane;
    private final Time time;
    private final int window;
    private @Nullable LlmGate slot;
    private @Nullable AttachedAgent agent;
    private @Nullable TaskFlow flow;
    private long sentAt; // the row's revision
    private int count;

    TaskTries(Task task, Client client, Relay relay, Lane lane, Time time, int window) {
        this.task = task;
        this.client = client;
        this.relay = relay;
        this.lane = lane;
        this.time = time;
        this.window = window;
    }

    /**
     * The next one.
     *
     * @param turn a slot of it is the task's until {@link #slotFree}
     * @param spent of the time that there is for all of it
     */
    void begin(LlmGate turn, AttachedAgent its, InferCall call, Duration spent) {
        LlmName llm = turn.llm();
        slot = turn;
        agent = its;
        count++;
        sentAt = relay.revision(llm);
        relay.loadChanged(llm);
        client.phase(new Phase(Phase.Kind.DISPATCHED, llm, 0, Duration.ZERO, null));
        flow = new TaskFlow(task, this, its.line(), client, lane, time, window, call.deadlines());
        flow.start(call.order(task.id(), llm, spent));
    }

    /** The flow of the last one; null before the first, and between two. */
    @Nullable
    TaskFlow flow() {
        return flow;
    }

    /** The agent has ended the task, or is not waited for any longer. */
    void slotFree() {
        if (slot != null) {
            relay.loadChanged(slot.llm());
            slot.release();
        }
    }

    /** All of the window is on the way, unread. Any thread. */
    void windowUsedUp() {
        relay.windowUsedUp();
    }

    /** The backend had just been put to sleep, nothing was sent: once more from the start; false where that's enough. */
    boolean startOver() {
        AttachedAgent sleeper = agent;
        if (!task.isRunning() || count >= MOST || sleeper == null) {
            return false;
        }
        flow = null;
        task.unplace();
        slotFree();
        relay.asleep(task, sleeper, sentAt);
        return true;
    }

    /** The agent or its backend failed before the first byte: whether another member of the pool takes its place. */
    boolean replaced(Failure why) {
        PoolTrip way = task.trip();
        AttachedAgent loser = agent;
        if (way == null || loser == null || !task.isRunning() || !PoolTrip.isLoss(why)) {
            return false;
        }
        relay.pools().lost(way); // before its slot is free
        if (!way.lose(why, loser)) {
            return false;
        }
        flow = null;
        task.unplace();
        slotFree();
        relay.place(task);
        return true;
    }
}
