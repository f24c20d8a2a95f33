package dormouse.agent;

import dormouse.v1.AgentMessage;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import dormouse.v1.TaskPosition;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks of a lost stream. They go on with their backends as far as their windows allow, until the next stream has
 * them, the server does not know them any more, or its grace is over. On the loop alone.
 */
final class SuspendedWork implements InferTask.Place {
    private static final Logger log = LoggerFactory.getLogger(SuspendedWork.class);

    private final Loop loop;
    private final Map<String, InferTask> tasks = new LinkedHashMap<>();
    private Loop.@Nullable Timer over;

    SuspendedWork(Loop loop) {
        this.loop = loop;
    }

    /** Takes them in for so long. */
    void hold(Map<String, InferTask> lost, Duration grace) {
        if (lost.isEmpty()) {
            return;
        }
        tasks.putAll(lost);
        lost.values().forEach(task -> task.moveTo(this));
        log.info("tasks suspended tasks={} within=\"{}\"", tasks.size(), Spans.say(grace));
        stopClock();
        over = loop.after(grace, () -> drop("the server was not to be reached in time"));
    }

    boolean isEmpty() {
        return tasks.isEmpty();
    }

    /** Names them in a stream's first registration. */
    void introduce(Register.Builder register) {
        tasks.values().forEach(task -> register.addTasks(task.position()));
    }

    /** Those that the server knows go on in its stream; the others end, and their backends' requests with them. */
    void resume(Registered answer, StreamWork work) {
        int known = 0;
        for (TaskPosition has : answer.getTasksList()) {
            InferTask task = tasks.remove(has.getTaskId());
            if (task != null) {
                work.adopt(task, has);
                known++;
            }
        }
        if (known + tasks.size() > 0) {
            log.info("tasks resumed tasks={} dropped={}", known, tasks.size());
        }
        drop("the server does not know them any more");
    }

    /** Ends them all. */
    void drop(String why) {
        stopClock();
        if (!tasks.isEmpty()) {
            log.warn("suspended tasks dropped tasks={} reason=\"{}\"", tasks.size(), why);
            List<InferTask> dropped = List.copyOf(tasks.values());
            tasks.clear();
            dropped.forEach(InferTask::abort);
        }
    }

    private void stopClock() {
        if (over != null) {
            over.cancel();
            over = null;
        }
    }

    @Override
    public void control(AgentMessage message) {
        // said again on the next stream
    }

    @Override
    public void ready(Outbox.Source source) {
        // its turn comes on the next stream
    }

    @Override
    public void ended(InferTask task) {
        // kept until the server has heard of it
    }
}
