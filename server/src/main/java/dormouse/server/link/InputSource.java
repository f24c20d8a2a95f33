package dormouse.server.link;

import com.google.protobuf.UnsafeByteOperations;
import dormouse.server.fleet.TaskId;
import dormouse.v1.InferInput;
import dormouse.v1.ServerMessage;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A task's input on its way to the agent, frame by frame as the agent's window allows. Guarded by its writer; what is told
 * of it besides, and its way back while no writer has it, by any thread.
 */
final class InputSource {
    private final TaskId task;
    private final ByteBuffer body;
    private final int frame;
    private final long window;
    private long consumed;
    private volatile boolean done;
    private volatile int sent;

    InputSource(TaskId task, ByteBuffer body, int frame, long window) {
        this.task = task;
        this.body = body.slice();
        this.frame = frame;
        this.window = window;
    }

    /** From the start; one that says less than an earlier one does no harm. */
    void consumed(long bytes) {
        consumed = Math.max(consumed, Math.min(bytes, body.position()));
    }

    boolean done() {
        return done;
    }

    /** Bytes of it that have been handed out. */
    long sent() {
        return sent;
    }

    /** Goes back to what the agent has of it; while no writer has it. */
    void rewind(long offset) {
        body.position((int) offset);
        sent = (int) offset;
        done = offset > 0 && !body.hasRemaining();
    }

    /** The next frame, or null while the window is used up or when there is none. */
    @Nullable
    ServerMessage next() {
        if (done) {
            return null;
        }
        int offset = body.position();
        int length = (int) Math.min(Math.min(frame, body.remaining()), consumed + window - offset);
        if (length <= 0 && body.hasRemaining()) {
            return null;
        }
        ByteBuffer piece = body.slice(offset, length);
        body.position(offset + length);
        sent = offset + length;
        done = !body.hasRemaining();
        return ServerMessage.newBuilder()
                .setInferInput(InferInput.newBuilder()
                        .setTaskId(task.value())
                        .setOffset(offset)
                        .setData(UnsafeByteOperations.unsafeWrap(piece))
                        .setLast(done))
                .build();
    }
}
