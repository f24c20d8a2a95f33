package dormouse.server.link;

import dormouse.server.fleet.TaskId;
import dormouse.v1.ServerMessage;
import dormouse.v1.Window;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of a stream. Control messages go first, then windows, then inputs, round robin over tasks; nothing leaves
 * while the transport is not ready, so that a slow link fills these bounded queues and not the transport's buffers. Any
 * thread may add; whoever finds nobody writing writes for all.
 */
final class StreamWriter {
    /** More control messages than this, unsent, and the agent is taken for gone. */
    static final int MOST_CONTROL = 4096;

    /** In bytes: agents lose their stream with a message of more than 4 MiB. */
    static final int LARGEST_CONTROL = 1 << 20;

    /** Of a task: so much of its answer is consumed, and whether its end has come. */
    private record Word(long consumed, boolean ended) {}

    private final ServerCallStreamObserver<ServerMessage> out;
    private final Runnable onOverflow;
    private final Queue<ServerMessage> control = new ArrayDeque<>(); // all under this
    private final Map<TaskId, Word> windows = new LinkedHashMap<>();
    private final Map<TaskId, InputSource> inputs = new LinkedHashMap<>();
    private boolean open;
    private boolean closed;
    private boolean writing;
    private @Nullable Runnable last;

    /** @param onOverflow called once, outside of the lock, when too many control messages wait */
    StreamWriter(ServerCallStreamObserver<ServerMessage> out, Runnable onOverflow) {
        this.out = out;
        this.onOverflow = onOverflow;
    }

    /** Begins to write, this message before all that was added so far. */
    void open(ServerMessage first) {
        synchronized (this) {
            Queue<ServerMessage> waiting = new ArrayDeque<>(control);
            control.clear();
            control.add(first);
            control.addAll(waiting);
            open = true;
        }
        write();
    }

    void control(ServerMessage message) {
        boolean overflow;
        synchronized (this) {
            if (closed) {
                return;
            }
            overflow = control.size() >= MOST_CONTROL;
            if (!overflow) {
                control.add(message);
            }
        }
        if (overflow) {
            onOverflow.run();
        } else {
            write();
        }
    }

    /** The latest word counts: an earlier one that still waits is replaced. */
    void window(TaskId task, long consumed) {
        synchronized (this) {
            if (!closed) {
                windows.put(task, new Word(consumed, false));
            }
        }
        write();
    }

    /** The task's end has come, so that the agent may forget it. Not said where too much of this waits: it asks again. */
    void ended(TaskId task, long consumed) {
        synchronized (this) {
            if (!closed && windows.size() < MOST_CONTROL) {
                windows.put(task, new Word(consumed, true));
            }
        }
        write();
    }

    void input(TaskId task, InputSource source) {
        synchronized (this) {
            if (!closed) {
                inputs.put(task, source);
            }
        }
        write();
    }

    /** The agent has taken the task's input up to here. */
    void inputConsumed(TaskId task, long bytes) {
        synchronized (this) {
            InputSource source = inputs.get(task);
            if (source == null) {
                return;
            }
            source.consumed(bytes);
        }
        write();
    }

    /** Nothing more of this task is sent. */
    void forget(TaskId task) {
        synchronized (this) {
            windows.remove(task);
            inputs.remove(task);
        }
    }

    /** Sends nothing any more: from here on no input is touched. What waits is dropped. */
    synchronized void halt() {
        closed = true;
        control.clear();
        windows.clear();
        inputs.clear();
    }

    /** Ends the stream: {@code end} is the last that happens to it. To be called once. */
    void close(Runnable end) {
        synchronized (this) {
            halt();
            open = true;
            last = end;
        }
        write();
    }

    /** The transport may be ready again. */
    void write() {
        synchronized (this) {
            if (writing || !open) {
                return;
            }
            writing = true;
        }
        while (true) {
            ServerMessage message = null;
            Runnable end = null;
            synchronized (this) {
                if (last != null) {
                    end = last;
                    last = null;
                } else if (!closed && out.isReady()) {
                    message = next();
                }
                if (end == null && message == null) {
                    writing = false;
                    return;
                }
            }
            if (end != null) {
                end.run();
            } else if (message != null) {
                out.onNext(message);
            }
        }
    }

    private @Nullable ServerMessage next() {
        ServerMessage message = control.poll();
        if (message != null) {
            return message;
        }
        Iterator<Map.Entry<TaskId, Word>> first = windows.entrySet().iterator();
        if (first.hasNext()) {
            Map.Entry<TaskId, Word> window = first.next();
            first.remove();
            return ServerMessage.newBuilder()
                    .setWindow(Window.newBuilder()
                            .setTaskId(window.getKey().value())
                            .setConsumed(window.getValue().consumed())
                            .setEnded(window.getValue().ended()))
                    .build();
        }
        return nextInput();
    }

    private @Nullable ServerMessage nextInput() {
        Iterator<Map.Entry<TaskId, InputSource>> each = inputs.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<TaskId, InputSource> entry = each.next();
            ServerMessage frame = entry.getValue().next();
            if (frame != null) {
                each.remove();
                if (!entry.getValue().done()) {
                    inputs.put(entry.getKey(), entry.getValue()); // behind the others
                }
                return frame;
            }
        }
        return null;
    }
}
