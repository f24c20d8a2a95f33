package dormouse.server.relay;

import dormouse.server.control.Head;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.TaskId;
import java.nio.ByteBuffer;

/**
 * Who asked, as the relay sees it: an edge's call. One thread at a time, in the order of a conversation: phases, the
 * head, chunks, and one end. No method may block; {@link Task#ready} is to be called when {@link #ready} becomes true.
 * What it does not want to hear to the end it ends with {@link Task#cancel}.
 */
public interface Client {
    /** The task waits for something else now. */
    void phase(Phase phase);

    /** The backend's answer begins: never told before its first byte, or its end, is there. */
    void head(TaskId task, Head head);

    /** Whether a chunk would leave at once. */
    boolean ready();

    /** A piece of the answer; the buffer is the receiver's to keep. */
    void chunk(ByteBuffer data);

    /** The answer is whole. */
    void finished(Summary summary);

    /** There will be no more of it. */
    void failed(Failure why);
}
