package dormouse.server.control;

import dormouse.server.fleet.Failure;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What an agent says of one task, in the order in which it says it. Called by one thread at a time; must not block. */
public interface TaskEars {
    /** The backend's answer begins. */
    void head(Head head);

    /** A piece of the answer; the buffer is the receiver's to keep. */
    void chunk(long offset, ByteBuffer data);

    /**
     * The agent has ended the task.
     *
     * @param bytes of the whole answer
     * @param why null where it is whole
     */
    void end(long bytes, @Nullable Failure why, Usage usage);

    /** The agent breaks the contract in this task, which is to end; its stream lives. */
    void broken(Failure why);

    /** The stream has ended before the task. */
    void lost(Failure why);
}
