package dormouse.server.link;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The tasks of one lost stream, until its session has another one or the grace is over. Any thread. */
final class Suspended implements StreamTask.Home {
    private final Map<TaskId, StreamTask> tasks = new ConcurrentHashMap<>();

    /** Takes a task over from a stream; nothing where it has ended meanwhile. */
    void take(StreamTask task, StreamTask.Home from) {
        tasks.put(task.id(), task);
        if (!task.move(from, this)) {
            tasks.remove(task.id());
        }
    }

    List<StreamTask> all() {
        return new ArrayList<>(tasks.values());
    }

    @Nullable
    StreamTask find(TaskId task) {
        return tasks.get(task);
    }

    int size() {
        return tasks.size();
    }

    void tell(Failure why) {
        all().forEach(task -> task.tellSuspended(this, why));
    }

    void lose(Failure why) {
        all().forEach(task -> task.lose(this, why));
    }

    void lose(LlmName llm, Failure why) {
        all().stream().filter(task -> task.llm().equals(llm)).forEach(task -> task.lose(this, why));
    }

    @Override
    public void forget(TaskId task) {
        tasks.remove(task);
    }

    @Override
    public @Nullable StreamWriter writer() {
        return null;
    }
}
