package dormouse.server.link;

import dormouse.server.control.Head;
import dormouse.server.control.InferOrder;
import dormouse.server.control.TaskEars;
import dormouse.server.control.TaskLine;
import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.v1.ServerMessage;
import dormouse.v1.TaskPosition;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One task that its agent works on. It is at home in the {@link StreamTasks} of a stream, or, while its agent is away, in
 * a {@link Suspended}; only its home is listened to, so that what still comes from a stream that is fenced off is dropped.
 *
 * <pre>
 *              stream lost                         named by the agent, or never heard of by it
 *   on a stream ──────────▶ suspended ──────────────────────────────▶ on the next stream
 *        │                      │  grace over, adopted, forgotten by the agent, wrong offsets
 *        └── end, forgotten     └──────────────▶ lost
 * </pre>
 *
 * <p>Its lock keeps the threads of two streams in turn. Ears are called with it held: they do no more than to hand over to
 * the task's lane, whose jobs touch no other task's lock without being in that one's lane too.
 */
final class StreamTask implements TaskLine {
    /** Where a task is. */
    interface Home {
        void forget(TaskId task);

        /** Null where it can't be told anything now. */
        @Nullable
        StreamWriter writer();
    }

    private final TaskId id;
    private final LlmName llm;
    private final TaskEars ears;
    private final long size;
    private final int window;
    // All under this.
    private @Nullable InferOrder order; // until the agent is heard of it: it can be sent again
    private @Nullable InputSource input; // until the agent has all of it
    private @Nullable Home home;
    private @Nullable Failure cancelled;
    private long consumed;
    private boolean known; // the agent has said something of it

    StreamTask(InferOrder order, TaskEars ears, Home home, int frameBytes, int windowBytes) {
        this.id = order.task();
        this.llm = order.llm();
        this.ears = ears;
        this.size = order.input().remaining();
        this.window = windowBytes;
        this.order = order;
        this.input = new InputSource(id, order.input(), frameBytes, windowBytes);
        this.home = home;
    }

    TaskId id() {
        return id;
    }

    LlmName llm() {
        return llm;
    }

    /** Sends it, from the start; nothing where it is over. One that would end the agent's stream fails instead. */
    void send(StreamWriter writer) {
        InferOrder sent;
        InputSource source;
        Home at;
        synchronized (this) {
            sent = order;
            source = input;
            at = home;
        }
        if (sent == null || source == null || at == null) {
            return;
        }
        ServerMessage message = Orders.infer(sent);
        if (message.getSerializedSize() > StreamWriter.LARGEST_CONTROL) {
            lose(
                    at,
                    Failure.of(
                            Reason.INTERNAL,
                            "the task without its input is larger than the " + StreamWriter.LARGEST_CONTROL
                                    + " bytes that an agent is sent at once"));
            return;
        }
        writer.control(message);
        writer.input(id, source);
    }

    // What its agent says of it, by the thread of the stream that is its home.

    synchronized void head(Home from, Head head) {
        if (hears(from)) {
            InputSource rest = input;
            if (rest == null || rest.done()) {
                input = null;
            }
            ears.head(head);
        }
    }

    synchronized void chunk(Home from, long offset, ByteBuffer data) {
        if (hears(from)) {
            ears.chunk(offset, data);
        }
    }

    synchronized void broken(Home from, Failure why) {
        if (hears(from)) {
            ears.broken(why);
        }
    }

    /** Its end; false where it is not at home there. Answers how much of it was consumed so far. */
    synchronized long end(Home from, long bytes, @Nullable Failure why, Usage usage) {
        if (hears(from)) {
            leave();
            ears.end(bytes, why, usage);
        }
        return consumed;
    }

    synchronized void inputConsumed(Home from, long bytes) {
        if (hears(from) && bytes >= size && input != null && input.done()) {
            input = null;
        }
    }

    private boolean hears(Home from) {
        if (home != from) {
            return false;
        }
        known = true;
        order = null;
        return true;
    }

    // What the server says of it, by any thread.

    @Override
    public void consumed(long bytes) {
        tell(writer -> writer.window(id, bytes), () -> consumed = bytes);
    }

    @Override
    public void cancel(Failure why) {
        tell(
                writer -> {
                    writer.forget(id);
                    writer.control(Orders.cancel(id, why));
                },
                () -> cancelled = why);
    }

    private void tell(Consumer<StreamWriter> word, Runnable note) {
        StreamWriter writer;
        synchronized (this) {
            note.run();
            writer = home == null ? null : home.writer();
        }
        if (writer != null) {
            word.accept(writer);
        }
    }

    @Override
    public synchronized void forget() {
        leave();
    }

    private void leave() {
        Home old = home;
        home = null;
        order = null;
        input = null;
        if (old != null) {
            old.forget(id);
        }
    }

    // From stream to stream.

    /** Its stream is lost: from now on it is at home elsewhere; false where it was not there. */
    synchronized boolean move(Home from, Home to) {
        if (home != from) {
            return false;
        }
        home = to;
        return true;
    }

    /** Says so, unless another stream has it by now. */
    synchronized void tellSuspended(Home where, Failure why) {
        if (home == where) {
            ears.suspended(why);
        }
    }

    /** No stream goes on with it. */
    synchronized void lose(Home from, Failure why) {
        if (home == from) {
            leave();
            ears.lost(why);
        }
    }

    /** Whether it may be sent again from the start: its agent has never heard of it, as far as can be seen. */
    synchronized boolean isFresh() {
        return !known && cancelled == null && order != null;
    }

    /** What can't be in what the agent says of it; null: nothing. */
    synchronized @Nullable Failure wrong(TaskPosition said) {
        TaskEars.Progress got = ears.progress();
        InputSource rest = input;
        long sent = rest == null ? size : rest.sent();
        String what = null;
        if (said.getOffset() < 0 || said.getInputOffset() < 0) {
            what = "offsets are not negative, but offset=" + said.getOffset() + " input_offset="
                    + said.getInputOffset();
        } else if (said.getOffset() < got.bytes()) {
            what = "offset=" + said.getOffset() + ", but " + got.bytes() + " bytes of the answer have come";
        } else if (said.getOffset() > consumed + window) {
            what = "offset=" + said.getOffset() + " is beyond the window, which ends at " + (consumed + window);
        } else if (!said.getHead() && (got.head() || said.getOffset() > 0)) {
            what = "head=false, but its answer has begun";
        } else if (said.getInputOffset() > sent) {
            what = "input_offset=" + said.getInputOffset() + ", but " + sent + " bytes of the input were sent";
        } else if (rest == null && said.getInputOffset() < size) {
            what = "input_offset=" + said.getInputOffset() + ", but it had taken all " + size + " bytes";
        }
        return what == null ? null : Failure.of(Reason.MALFORMED, "Register.tasks: task " + id + ": " + what);
    }

    /** Goes on where the agent says it is, which is not {@link #wrong}: what the server has of it. */
    synchronized TaskPosition resume(Home from, Home to, TaskPosition said) {
        TaskEars.Progress got = ears.progress();
        home = to;
        known = true;
        order = null;
        if (input != null) {
            input.rewind(said.getInputOffset());
        }
        from.forget(id);
        ears.resumed();
        return TaskPosition.newBuilder()
                .setTaskId(id.value())
                .setOffset(got.bytes())
                .setInputOffset(said.getInputOffset())
                .setHead(got.head())
                .build();
    }

    /** The same for one that is sent again from the start. */
    synchronized void restart(Home from, Home to) {
        home = to;
        if (input != null) {
            input.rewind(0);
        }
        from.forget(id);
        ears.resumed();
    }

    /** Says on its new stream what may have been lost with the old one. */
    void repeat(StreamWriter writer) {
        Failure why;
        InputSource source;
        long taken;
        synchronized (this) {
            why = cancelled;
            source = input;
            taken = consumed;
        }
        if (why != null) {
            writer.control(Orders.cancel(id, why));
            return;
        }
        if (taken > 0) {
            writer.window(id, taken);
        }
        if (source != null && !source.done()) {
            writer.input(id, source);
        }
    }
}
