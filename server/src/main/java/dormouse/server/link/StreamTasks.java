package dormouse.server.link;

import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.v1.InferChunk;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks that run on one stream. What the agent says of a task comes by the transport's thread; tasks begin, come from
 * a lost stream, and are forgotten by any. Only tasks of this very stream are found: what is said of others, or of ended
 * ones, is dropped; of an end alone the agent hears that it has come, so that it need not keep the task.
 */
final class StreamTasks implements StreamTask.Home {
    private static final Logger log = LoggerFactory.getLogger(StreamTasks.class);
    private static final int LONGEST_ID = 64;

    private final StreamWriter writer;
    private final int frameBytes;
    private final Map<TaskId, StreamTask> tasks = new ConcurrentHashMap<>();

    StreamTasks(StreamWriter writer, int frameBytes) {
        this.writer = writer;
        this.frameBytes = frameBytes;
    }

    static boolean isId(String id) {
        return !id.isEmpty() && id.length() <= LONGEST_ID;
    }

    void begin(StreamTask task) {
        tasks.put(task.id(), task);
    }

    List<StreamTask> all() {
        return new ArrayList<>(tasks.values());
    }

    @Override
    public void forget(TaskId task) {
        tasks.remove(task);
        writer.forget(task);
    }

    @Override
    public StreamWriter writer() {
        return writer;
    }

    /** The stream has ended: each that is still there hears it, once. */
    void lost(Failure why) {
        all().forEach(task -> task.lose(this, why));
    }

    void head(InferHead head) {
        StreamTask task = find(head.getTaskId());
        if (task == null) {
            return;
        }
        if (head.getStatus() < 200 || head.getStatus() > 599) {
            task.broken(this, Failure.of(Reason.INTERNAL, "the agent sent the HTTP status " + head.getStatus()));
        } else {
            task.head(this, Messages.head(head));
        }
    }

    void chunk(InferChunk chunk) {
        StreamTask task = find(chunk.getTaskId());
        if (task == null) {
            return;
        }
        if (chunk.getData().size() > frameBytes) {
            task.broken(
                    this,
                    Failure.of(
                            Reason.INTERNAL,
                            "the agent sent a frame of " + chunk.getData().size() + " bytes; the limit is "
                                    + frameBytes));
        } else {
            task.chunk(this, chunk.getOffset(), chunk.getData().asReadOnlyByteBuffer());
        }
    }

    void end(InferEnd end) {
        StreamTask task = find(end.getTaskId());
        if (task != null) {
            long consumed = task.end(
                    this,
                    end.getBytes(),
                    end.hasError() ? Messages.taskFailure(end.getError()) : null,
                    new Usage(
                            Math.max(0, end.getUsage().getPromptTokens()),
                            Math.max(0, end.getUsage().getCompletionTokens())));
            writer.ended(task.id(), consumed);
        } else if (isId(end.getTaskId())) {
            writer.ended(new TaskId(end.getTaskId()), 0);
        }
    }

    /** So much of a task's input is consumed. */
    void window(Window window) {
        StreamTask task = find(window.getTaskId());
        if (task != null) {
            task.inputConsumed(this, window.getConsumed());
            writer.inputConsumed(task.id(), window.getConsumed());
        }
    }

    private @Nullable StreamTask find(String id) {
        StreamTask task = isId(id) ? tasks.get(new TaskId(id)) : null;
        if (task == null) {
            log.debug("a message for no task of this stream was dropped task={}", isId(id) ? id : "?");
        }
        return task;
    }
}
