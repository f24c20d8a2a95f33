package dormouse.server.relay;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;

/** One task's wait for one wake: what is heard of it when the task waits for something else is not for that. Any thread. */
final class WakeWait implements WakeGate.Waiter {
    private final Task task;
    private final WakeGate wakes;
    private final LlmName llm;

    WakeWait(Task task, WakeGate wakes, LlmName llm) {
        this.task = task;
        this.wakes = wakes;
        this.llm = llm;
    }

    LlmName llm() {
        return llm;
    }

    void begin() {
        wakes.await(llm, false, this);
    }

    void leave() {
        wakes.leave(llm, this);
    }

    @Override
    public String caller() {
        return task.caller();
    }

    @Override
    public void awake() {
        task.awake(this);
    }

    @Override
    public boolean isPatient() {
        return task.trip() == null; // in a pool another member takes its place at once
    }

    @Override
    public void failed(Failure why) {
        task.notWoken(this, why);
    }
}
