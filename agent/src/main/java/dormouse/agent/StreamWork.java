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
import dormouse.v1.TaskPosition;
import dormouse.v1.Wake;
import dormouse.v1.WakeResult;
import dormouse.v1.Window;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** What the server has asked for over one stream: its tasks, and the wakes that it waits for. On the loop alone. */
final class StreamWork implements InferTask.Place {
    /** Of all Llms; more than any server would send that keeps to the Llms' concurrency. */
    static final int MAX_TASKS = 8192;

    /** Ended tasks that are kept at a time; more than end within the time that a word takes to and fro. */
    private static final int MOST_SAID = 1024;

    private static final long DEFAULT_WINDOW = 64 * 1024;
    private static final int LARGEST_FRAME = 16 * 1024;

    private final AgentParts parts;
    private final Outbox outbox;
    private final Runnable ended;
    private final Map<String, InferTask> tasks = new HashMap<>();
    private final Queue<String> said = new ArrayDeque<>(); // those that have ended, in that order
    private final Map<String, LlmHost> wakes = new HashMap<>();
    private long window = DEFAULT_WINDOW;
    private int frame = LARGEST_FRAME;
    private boolean kept;
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
        kept = registered.hasResumeGrace()
                && !Spans.of(registered.getResumeGrace()).isZero();
    }

    /** From now on no task is taken. */
    void leave() {
        leaving = true;
    }

    boolean isIdle() {
        return activeTasks() == 0 && wakes.isEmpty();
    }

    /** Those that have ended apart, which only wait for the server to have heard it. */
    int activeTasks() {
        return (int) tasks.values().stream().filter(task -> !task.hasEnded()).count();
    }

    /**
     * The stream is gone: its tasks, for another stream to go on with. Wakes and sleeps go on by themselves, since a machine
     * that boots is wanted after the blip too; their results are kept.
     */
    Map<String, InferTask> leaveTasks() {
        Map<String, InferTask> left = new LinkedHashMap<>(tasks);
        tasks.clear();
        wakes.clear();
        return left;
    }

    /** A task of a lost stream goes on in this one. */
    void adopt(InferTask task, TaskPosition has) {
        tasks.put(task.id(), task);
        task.resume(this, has);
    }

    @Override
    public void control(AgentMessage message) {
        outbox.control(message);
    }

    @Override
    public void ready(Outbox.Source source) {
        outbox.ready(source);
    }

    @Override
    public void ended(InferTask task) {
        if (kept) {
            said.add(task.id());
            forgetEldest();
        } else {
            tasks.remove(task.id());
        }
        ended.run();
    }

    /** A server that never says that an end has come does not fill the memory. */
    private void forgetEldest() {
        if (said.size() > MOST_SAID) {
            String eldest = said.remove();
            InferTask task = tasks.get(eldest);
            if (task != null && task.hasEnded()) {
                tasks.remove(eldest);
            }
        }
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
                    parts.loop(), parts.workers(), parts.backend(), parts.bodies(), window, frame, kept);
            InferTask running = new InferTask(infer, host, tools, this);
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
        if (task != null && consumed.getEnded()) {
            task.arrived();
            tasks.remove(task.id());
        } else if (task != null) {
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
        AgentMessage known = parts.errands().find(task);
        if (known != null) {
            outbox.control(known); // said on a stream that was lost
            return;
        }
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
        tell(task, AgentMessage.newBuilder().setWakeResult(result).build());
    }

    void sleep(Sleep sleep) {
        LlmHost host = parts.hosts().find(sleep.getLlm());
        AgentMessage known = parts.errands().find(sleep.getTaskId());
        if (known != null) {
            outbox.control(known);
        } else if (host == null) {
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
        tell(task, AgentMessage.newBuilder().setSleepResult(result).build());
    }

    private void tell(String errand, AgentMessage result) {
        parts.errands().keep(errand, result);
        outbox.control(result);
    }

    private static Status notPublished(String llm) {
        return Problems.status(Code.NOT_FOUND, "LLM_NOT_FOUND", "this agent does not publish " + Failures.oneLine(llm));
    }
}
