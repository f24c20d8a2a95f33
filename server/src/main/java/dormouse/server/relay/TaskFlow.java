package dormouse.server.relay;

import dormouse.server.control.AgentLine;
import dormouse.server.control.Head;
import dormouse.server.control.InferOrder;
import dormouse.server.control.Lane;
import dormouse.server.control.TaskEars;
import dormouse.server.control.TaskLine;
import dormouse.server.control.Time;
import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one running task. The agent's thread puts them into the {@link Mailbox} and goes on; the task's lane hands
 * them to the client while it is ready, and lets the agent send more as they are taken. Its clocks are
 * {@link FlowClocks}.
 */
final class TaskFlow implements TaskEars, FlowClocks.Flow {
    /** A slot is free so long after a cancel, whether the agent has ended the task or not. */
    static final Duration CANCEL_PATIENCE = Duration.ofSeconds(5);

    private static final int PIECE = 16 << 10;

    private final Task task;
    private final TaskTries tries;
    private final TaskId id;
    private final AgentLine agent;
    private final Client client;
    private final Lane lane;
    private final FlowClocks clocks;
    private final int window;
    private final Mailbox mailbox;
    private final AtomicBoolean pumpComing = new AtomicBoolean();
    private @Nullable TaskLine line; // on the task's lane, from its start on

    // By the agent's thread.
    private long received;
    private boolean headCame;

    private volatile boolean deaf;
    private volatile @Nullable Failure blame;
    private volatile long announced; // written on the task's lane

    // On the task's lane.
    private @Nullable Head head;
    private boolean headTold;
    private long consumed;
    private boolean agentDone;
    private boolean aborted;
    private @Nullable Failure ending;
    private Usage usage = Usage.UNKNOWN;
    private @Nullable Duration firstByte;

    TaskFlow(
            Task task,
            TaskTries tries,
            AgentLine agent,
            Client client,
            Lane lane,
            Time time,
            int window,
            Deadlines deadlines) {
        this.task = task;
        this.tries = tries;
        this.id = task.id();
        this.agent = agent;
        this.client = client;
        this.lane = lane;
        this.window = window;
        this.mailbox = new Mailbox(window);
        this.clocks = new FlowClocks(time, lane, deadlines, this);
    }

    void start(InferOrder order) {
        clocks.start();
        line = agent.infer(order, this);
    }

    @Override
    public void head(Head answer) {
        headCame = true;
        lane.run(() -> {
            if (head == null) {
                head = answer;
                pump();
            }
        });
    }

    @Override
    public void chunk(long offset, ByteBuffer data) {
        if (deaf) {
            return;
        }
        int length = data.remaining();
        if (!headCame) {
            broken(Failure.of(Reason.INTERNAL, "the agent sent an answer's bytes before its head"));
            return;
        }
        if (offset > received || offset < 0 || length == 0) {
            broken(Failure.of(
                    Reason.INTERNAL,
                    "the agent sent " + length + " bytes from " + offset + " on where " + received + " was next"));
            return;
        }
        if (offset + length <= received) {
            return; // said before
        }
        data.position(data.position() + (int) (received - offset));
        length = data.remaining();
        boolean wasEmpty = mailbox.size() == 0;
        if (!mailbox.put(data)) {
            broken(Failure.of(Reason.WINDOW_OVERRUN, "the agent sent more than the window of " + window + " bytes"));
            return;
        }
        received += length;
        if (received - announced >= window) {
            tries.windowUsedUp();
        }
        clocks.arrived(wasEmpty);
        if (pumpComing.compareAndSet(false, true)) {
            lane.run(() -> {
                pumpComing.set(false);
                pump();
            });
        }
    }

    /** The agent is told just what it did; to the client its faults are one. */
    @Override
    public void broken(Failure why) {
        deaf = true;
        blame = why;
        task.fail(Failure.of(Reason.INTERNAL, why.message()));
    }

    @Override
    public void end(long bytes, @Nullable Failure why, Usage counted) {
        Failure verdict = why == null && bytes != received
                ? Failure.of(Reason.INTERNAL, "the agent ended at byte " + bytes + ", having sent " + received)
                : why;
        lane.run(() -> {
            usage = counted;
            agentEnds(verdict);
        });
    }

    @Override
    public void lost(Failure why) {
        lane.run(() -> agentEnds(why));
    }

    /**
     * The clocks of the first byte and of silence stand still: nothing could come. That of the whole task runs on, and so
     * does the client's. In a pool, and before the first byte, another member takes its place at once.
     */
    @Override
    public void suspended(Failure why) {
        lane.run(() -> {
            if (agentDone) {
                return;
            }
            clocks.suspend();
            if (!aborted && !headTold && mailbox.size() == 0 && tries.replaced(why)) {
                retire();
                agentDone = true;
                line().cancel(why);
                line().forget();
            }
        });
    }

    @Override
    public void resumed() {
        clocks.back();
        lane.run(clocks::resume);
    }

    @Override
    public Progress progress() {
        return new Progress(headCame, received);
    }

    private TaskLine line() {
        TaskLine its = line;
        if (its == null) {
            throw new IllegalStateException("task " + id + " has not begun");
        }
        return its;
    }

    private void agentEnds(@Nullable Failure why) {
        if (agentDone) {
            return;
        }
        agentDone = true;
        ending = why;
        if (aborted) {
            free();
            return;
        }
        if (why != null && !headTold && mailbox.size() == 0 && tries.replaced(why)) {
            retire();
            return;
        }
        if (why != null && why.reason() == Reason.NOT_AWAKE && head == null && mailbox.size() == 0) {
            clocks.stop();
            if (tries.startOver()) {
                return;
            }
            ending = Failure.retry(
                    Reason.WAKE_FAILED, task.llm() + " fell asleep again each time", Duration.ofSeconds(5));
        } else if (why != null && why.reason() == Reason.NOT_AWAKE) {
            ending = Failure.of(Reason.BACKEND_FAILED, task.llm() + " fell asleep in the middle of its answer");
        }
        tries.slotFree();
        pump();
    }

    /** Another try has taken its place: nothing of this one is told to anybody. */
    private void retire() {
        clocks.stop();
        aborted = true;
        deaf = true;
    }

    /** Hands over what is there and can be taken; ends the task when nothing more will come. */
    void pump() {
        while (!aborted) {
            Head answer = head;
            boolean anything = mailbox.size() > 0;
            if (answer != null && !headTold && (anything || (agentDone && ending == null))) {
                headTold = true;
                firstByte = clocks.firstByte();
                task.firstByte();
                client.head(id, answer);
            } else if (anything && answer != null && client.ready()) {
                deliver();
            } else if (!anything && agentDone) {
                finish();
                return;
            } else {
                return;
            }
        }
    }

    private void deliver() {
        ByteBuffer piece = mailbox.take(PIECE);
        consumed += piece.remaining();
        clocks.taken();
        if (!agentDone && consumed - announced >= window / 2) {
            announced = consumed;
            line().consumed(consumed);
        }
        client.chunk(piece);
    }

    private void finish() {
        clocks.stop();
        Failure why = ending;
        if (why != null) {
            // After the first byte no other try can take the place of this one.
            task.fail(headTold ? new Failure(why.reason(), why.message(), null, why.details()) : why);
        } else if (head == null) {
            task.fail(Failure.of(Reason.INTERNAL, "the agent ended the task without an answer"));
        } else {
            task.finished(usage, firstByte == null ? Duration.ZERO : firstByte);
        }
    }

    @Override
    public boolean isOver() {
        return aborted || (agentDone && mailbox.size() == 0);
    }

    @Override
    public boolean hasBytes() {
        return mailbox.size() > 0;
    }

    @Override
    public LlmName llm() {
        return task.llm();
    }

    @Override
    public void late(Failure why) {
        task.fail(why);
    }

    /** The task ends before its answer does: has the agent end it too, and frees the slot when that is done. */
    void abort(Failure why) {
        clocks.stop();
        aborted = true;
        deaf = true;
        mailbox.clear();
        if (agentDone) {
            return;
        }
        Failure told = blame;
        line().cancel(told == null ? why : told);
        clocks.await(CANCEL_PATIENCE, () -> {
            if (!agentDone) {
                agentDone = true;
                line().forget();
                free();
            }
        });
    }

    /** As the agent counts it; unknown before it has ended the task. On the lane. */
    Usage usage() {
        return usage;
    }

    /** Bytes of the answer that the client was given. On the lane. */
    long delivered() {
        return consumed;
    }

    /** From the dispatch to the first byte; null before it. On the lane. */
    @Nullable
    Duration firstByte() {
        return firstByte;
    }

    private void free() {
        clocks.stop();
        tries.slotFree();
    }
}
