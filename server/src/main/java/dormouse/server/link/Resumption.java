package dormouse.server.link;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.v1.TaskPosition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the tasks of a session's lost stream when it has another one. Those that the agent names go on, each side
 * saying what it has; one that its process has never heard of is sent again; the others are lost. What it names wrongly
 * fails by itself, and what is not here, another agent's tasks for instance, is not answered. Used once, on the lane.
 */
final class Resumption {
    private final List<TaskPosition> positions = new ArrayList<>();
    private final List<StreamTask> resumed = new ArrayList<>();
    private final List<StreamTask> again = new ArrayList<>();
    private final List<Runnable> failed = new ArrayList<>();

    /**
     * @param held null where no task waits
     * @param sameProcess whether the agent's process is the one that had the lost stream
     */
    Resumption(@Nullable Suspended held, List<TaskPosition> named, boolean sameProcess, StreamTasks stream) {
        if (held == null) {
            return;
        }
        Set<TaskId> settled = new HashSet<>();
        for (TaskPosition said : named) {
            StreamTask task = StreamTasks.isId(said.getTaskId()) ? held.find(new TaskId(said.getTaskId())) : null;
            if (task != null && settled.add(task.id())) {
                settle(task, said, held, stream);
            }
        }
        for (StreamTask task : held.all()) {
            if (settled.contains(task.id())) {
                continue;
            }
            if (sameProcess && task.isFresh()) {
                stream.begin(task);
                task.restart(held, stream);
                again.add(task);
            } else {
                failed.add(() -> task.lose(held, SuspendedTasks.lost("the agent is back without this task")));
            }
        }
    }

    private void settle(StreamTask task, TaskPosition said, Suspended held, StreamTasks stream) {
        Failure wrong = task.wrong(said);
        if (wrong == null) {
            stream.begin(task);
            positions.add(task.resume(held, stream, said));
            resumed.add(task);
        } else {
            stream.writer().control(Messages.fault(said.getTaskId(), Messages.status(wrong)));
            failed.add(() ->
                    task.lose(held, Failure.of(Reason.INTERNAL, "the agent came back wrongly: " + wrong.message())));
        }
    }

    /** For {@code Registered.tasks}. */
    List<TaskPosition> positions() {
        return positions;
    }

    int tasks() {
        return resumed.size() + again.size();
    }

    /** To be called when the stream is open: says what the agent may not have heard, and tells of those that are lost. */
    void goOn(StreamWriter writer) {
        resumed.forEach(task -> task.repeat(writer));
        again.forEach(task -> task.send(writer));
        failed.forEach(Runnable::run);
    }
}
