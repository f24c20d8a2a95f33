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

    /** The stream has ended before the task, and no other one goes on with it. */
    void lost(Failure why);

    /** The stream is lost, and its agent may come back: then {@link #resumed} follows, else {@link #lost}. */
    void suspended(Failure why);

    /** Another stream of the same session goes on with it. */
    void resumed();

    /** How far the answer has come; asked by the thread that calls the others. */
    Progress progress();

    /**
     * What has come of an answer.
     *
     * @param head whether it has begun
     * @param bytes of its body
     */
    record Progress(boolean head, long bytes) {}
}
