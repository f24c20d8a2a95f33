package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Cancel;
import dormouse.v1.Infer;
import dormouse.v1.InferEnd;
import dormouse.v1.InferInput;
import dormouse.v1.Registered;
import dormouse.v1.Sleep;
import dormouse.v1.SleepResult;
import dormouse.v1.Wake;
import dormouse.v1.WakeResult;
import dormouse.v1.Window;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the server has asked for over one stream: its tasks, and the wakes that it waits for. On the loop alone. */
final class StreamWork {
    /** Of all Llms; more than any server would send that keeps to the Llms' concurrency. */
    static final int MAX_TASKS = 8192;

    private static final long DEFAULT_WINDOW = 64 * 1024;
    private static final int LARGEST_FRAME = 16 * 1024;

    private final AgentParts parts;
    private final Outbox outbox;
    private final Runnable ended;
    private final Map<String, InferTask> tasks = new HashMap<>();
    private final Map<String, LlmHost> wakes = new HashMap<>();
    private long window = DEFAULT_WINDOW;
    private int frame = LARGEST_FRAME;
    private boolean leaving;

    /** @param ended called when a task or a wake has ended */
    StreamWork(AgentParts parts, Outbox outbox, Runnable ended) {
        this.parts = parts;
        this.outbox = outbox;
        this.ended = ended;
    }

    void limits(Registered registered) {
        window = registered.getWindowBytes() > 0 ? registered.getWindowBytes() : DEFAULT_WINDOW;
        frame = registered.getFrameBytes() > 0 ? registered.getFrameBytes() : LARGEST_FRAME;
    }

    /** From now on no task is taken. */
    void leave() {
        leaving = true;
    }

    boolean isIdle() {
        return tasks.isEmpty() && wakes.isEmpty();
    }

    int activeTasks() {
        return tasks.size();
    }

    /** The stream is gone: its tasks end; wakes go on, since a machine that boots is wanted after the blip too. */
    void abort() {
        List.copyOf(tasks.values()).forEach(InferTask::abort);
        wakes.forEach((task, host) -> host.forgetWake(task, false));
        wakes.clear();
    }

    void infer(Infer infer) {
        String task = infer.getTaskId();
        LlmHost host = parts.hosts().find(infer.getLlm());
        if (host == null) {
            refuse(task, notPublished(infer.getLlm()));
        } else if (leaving) {
            refuse(task, Problems.status(Code.UNAVAILABLE, "LLM_INACTIVE", "the agent is leaving"));
        } else if (host.isRested()) {
            refuse(task, Problems.status(Code.UNAVAILABLE, "NOT_AWAKE", infer.getLlm() + " has been put to sleep"));
        } else if (tasks.containsKey(task)) {
            refuse(task, Problems.status(Code.INVALID_ARGUMENT, "MALFORMED", "a task with this id is running"));
        } else if (tasks.size() >= MAX_TASKS) {
            refuse(task, Problems.status(Code.UNAVAILABLE, "OVERLOADED", "the agent runs " + MAX_TASKS + " tasks"));
        } else {
            InferTask.Tools tools = new InferTask.Tools(
                    parts.loop(), parts.workers(), parts.backend(), parts.bodies(), outbox, window, frame);
            InferTask running = new InferTask(infer, host, tools, () -> {
                host.taskEnded();
                tasks.remove(task);
                ended.run();
            });
            host.taskStarted();
            tasks.put(task, running);
            running.start();
        }
    }

    private void refuse(String task, Status why) {
        outbox.control(AgentMessage.newBuilder()
                .setInferEnd(InferEnd.newBuilder().setTaskId(task).setError(why))
                .build());
    }

    /** A frame for a task that has ended crossed its end on the way; so does a window, or a cancel. */
    void input(InferInput input) {
        InferTask task = tasks.get(input.getTaskId());
        if (task != null) {
            task.input(input);
        }
    }

    void window(Window consumed) {
        InferTask task = tasks.get(consumed.getTaskId());
        if (task != null) {
            task.consumed(consumed.getConsumed());
        }
    }

    void cancel(Cancel cancel) {
        String id = cancel.getTaskId();
        Status reason = cancel.hasReason()
                ? cancel.getReason()
                : Problems.status(Code.CANCELLED, "CANCELLED", "cancelled by the server");
        InferTask task = tasks.get(id);
        LlmHost waking = wakes.remove(id);
        if (task != null) {
            task.cancel(reason);
        } else if (waking != null) {
            waking.forgetWake(id, true);
            sendWakeResult(id, Duration.ZERO, reason);
            ended.run();
        }
    }

    void wake(Wake wake) {
        String task = wake.getTaskId();
        LlmHost host = parts.hosts().find(wake.getLlm());
        if (host == null) {
            sendWakeResult(task, Duration.ZERO, notPublished(wake.getLlm()));
            return;
        }
        wakes.put(task, host);
        host.wake(task, outcome -> {
            wakes.remove(task);
            sendWakeResult(task, outcome.took(), outcome.error());
            ended.run();
        });
    }

    private void sendWakeResult(String task, Duration took, @Nullable Status error) {
        WakeResult.Builder result = WakeResult.newBuilder().setTaskId(task).setTook(Spans.proto(took));
        if (error != null) {
            result.setError(error);
        }
        outbox.control(AgentMessage.newBuilder().setWakeResult(result).build());
    }

    void sleep(Sleep sleep) {
        LlmHost host = parts.hosts().find(sleep.getLlm());
        if (host == null) {
            sendSleepResult(sleep.getTaskId(), notPublished(sleep.getLlm()));
        } else {
            host.sleep(error -> sendSleepResult(sleep.getTaskId(), error));
        }
    }

    private void sendSleepResult(String task, @Nullable Status error) {
        SleepResult.Builder result = SleepResult.newBuilder().setTaskId(task);
        if (error != null) {
            result.setError(error);
        }
        outbox.control(AgentMessage.newBuilder().setSleepResult(result).build());
    }

    private static Status notPublished(String llm) {
        return Problems.status(Code.NOT_FOUND, "LLM_NOT_FOUND", "this agent does not publish " + Failures.oneLine(llm));
    }
}
