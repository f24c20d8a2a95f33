package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.Infer;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of one task: for the whole of it, for the first byte of the answer once the backend has been asked, and
 * for the silence between bytes, which counts only while the backend is being read. On the loop alone.
 */
final class TaskClocks {
    private static final Duration FIRST_BYTE = Duration.ofMinutes(5);
    private static final Duration IDLE = Duration.ofSeconds(60);
    private static final Duration TOTAL = Duration.ofMinutes(30);

    private final Loop loop;
    private final Consumer<Status> expired;
    private final Duration firstByteTimeout;
    private final Loop.Timer total;
    private final Watchdog idle;
    private Loop.@Nullable Timer firstByte;

    /** The clock for the whole task begins here. Where the server has set no time, the defaults of a server apply. */
    TaskClocks(Loop loop, Infer infer, Consumer<Status> expired) {
        this.loop = loop;
        this.expired = expired;
        this.firstByteTimeout = infer.hasFirstByteTimeout() ? Spans.of(infer.getFirstByteTimeout()) : FIRST_BYTE;
        Duration totalTimeout = infer.hasTimeout() ? Spans.of(infer.getTimeout()) : TOTAL;
        this.total = loop.after(totalTimeout, () -> expire("DEADLINE", "the task's time is over", totalTimeout));
        Duration idleTimeout = infer.hasIdleTimeout() ? Spans.of(infer.getIdleTimeout()) : IDLE;
        this.idle = new Watchdog(
                loop,
                idleTimeout,
                () -> expire("IDLE_TIMEOUT", "the backend has stopped in the middle of its answer", idleTimeout));
    }

    void backendAsked() {
        firstByte = loop.after(
                firstByteTimeout,
                () -> expire("FIRST_BYTE_TIMEOUT", "the backend has not begun to answer", firstByteTimeout));
    }

    void answerBegun() {
        if (firstByte != null) {
            firstByte.cancel();
        }
    }

    /** The backend is read from now on: it could send. */
    void reading() {
        idle.touch();
    }

    void notReading() {
        idle.pause();
    }

    /** The backend is done with; only the clock for the whole task goes on. */
    void backendLeft() {
        answerBegun();
        idle.close();
    }

    void close() {
        backendLeft();
        total.cancel();
    }

    private void expire(String reason, String message, Duration after) {
        expired.accept(Problems.status(Code.DEADLINE_EXCEEDED, reason, message + " (" + Spans.say(after) + ")"));
    }
}
