package dormouse.server.link;

import dormouse.server.control.TaskEars;
import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.v1.InferChunk;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.Window;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks that run on one stream, each with its ears. What the agent says of a task comes by the transport's thread;
 * tasks begin and are forgotten by any. Only tasks of this very stream are found: what is said of others, or of ended
 * ones, is dropped.
 */
final class StreamTasks {
    private static final Logger log = LoggerFactory.getLogger(StreamTasks.class);
    private static final int LONGEST_ID = 64;

    private interface Use {
        void on(TaskId task, TaskEars ears);
    }

    private final StreamWriter writer;
    private final int frameBytes;
    private final Map<TaskId, TaskEars> tasks = new ConcurrentHashMap<>();

    StreamTasks(StreamWriter writer, int frameBytes) {
        this.writer = writer;
        this.frameBytes = frameBytes;
    }

    static boolean isId(String id) {
        return !id.isEmpty() && id.length() <= LONGEST_ID;
    }

    void begin(TaskId task, TaskEars ears) {
        tasks.put(task, ears);
    }

    boolean has(TaskId task) {
        return tasks.containsKey(task);
    }

    void forget(TaskId task) {
        tasks.remove(task);
        writer.forget(task);
    }

    /** The stream has ended: each that is still there hears it, once. */
    void lost(Failure why) {
        for (TaskId task : tasks.keySet()) {
            TaskEars ears = tasks.remove(task);
            if (ears != null) {
                ears.lost(why);
            }
        }
    }

    void head(InferHead head) {
        with(head.getTaskId(), (task, ears) -> {
            if (head.getStatus() < 200 || head.getStatus() > 599) {
                ears.broken(Failure.of(Reason.INTERNAL, "the agent sent the HTTP status " + head.getStatus()));
            } else {
                ears.head(Messages.head(head));
            }
        });
    }

    void chunk(InferChunk chunk) {
        with(chunk.getTaskId(), (task, ears) -> {
            if (chunk.getData().size() > frameBytes) {
                ears.broken(Failure.of(
                        Reason.INTERNAL,
                        "the agent sent a frame of " + chunk.getData().size() + " bytes; the limit is " + frameBytes));
            } else {
                ears.chunk(chunk.getOffset(), chunk.getData().asReadOnlyByteBuffer());
            }
        });
    }

    void end(InferEnd end) {
        with(end.getTaskId(), (task, ears) -> {
            forget(task);
            ears.end(
                    end.getBytes(),
                    end.hasError() ? Messages.taskFailure(end.getError()) : null,
                    new Usage(
                            Math.max(0, end.getUsage().getPromptTokens()),
                            Math.max(0, end.getUsage().getCompletionTokens())));
        });
    }

    /** So much of a task's input is consumed. */
    void window(Window window) {
        with(window.getTaskId(), (task, ears) -> writer.inputConsumed(task, window.getConsumed()));
    }

    private void with(String id, Use use) {
        TaskId task = isId(id) ? new TaskId(id) : null;
        TaskEars ears = task == null ? null : tasks.get(task);
        if (task != null && ears != null) {
            use.on(task, ears);
        } else {
            log.debug("a message for no task of this stream was dropped task={}", task == null ? "?" : id);
        }
    }
}
