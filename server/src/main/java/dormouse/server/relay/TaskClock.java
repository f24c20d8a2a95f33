package dormouse.server.relay;

import dormouse.server.control.Time;
import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskId;
import dormouse.server.fleet.TaskRecord;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One task's time: the alarms of all of it and of the phase that it is in, and what it has spent waiting. On its lane. */
final class TaskClock {
    private final Time time;
    private final long begun;
    private long phaseBegun;
    private Duration queued = Duration.ZERO;
    private Duration woke = Duration.ZERO;
    private Time.@Nullable Alarm totalAlarm;
    private Time.@Nullable Alarm phaseAlarm;

    TaskClock(Time time) {
        this.time = time;
        this.begun = time.nanos();
        this.phaseBegun = begun;
    }

    /** The whole of it may take so long. */
    void limitAll(Duration limit, Runnable late) {
        totalAlarm = time.after(limit, late);
    }

    /** The phase that has just begun may take so long. */
    void limitPhase(Duration limit, Runnable late) {
        phaseAlarm = time.after(limit, late);
    }

    /** A phase is over, and another one begins. */
    void nextPhase() {
        if (phaseAlarm != null) {
            phaseAlarm.cancel();
            phaseAlarm = null;
        }
        phaseBegun = time.nanos();
    }

    /** All of it is over. */
    void stop() {
        nextPhase();
        if (totalAlarm != null) {
            totalAlarm.cancel();
        }
    }

    /** The present phase was spent in the queue. */
    void addQueued() {
        queued = queued.plus(time.since(phaseBegun));
    }

    /** The present phase was spent waiting for a wake. */
    void addWoke() {
        woke = woke.plus(time.since(phaseBegun));
    }

    Duration queued() {
        return queued;
    }

    Duration woke() {
        return woke;
    }

    /** Since its beginning. */
    Duration total() {
        return time.since(begun);
    }

    /**
     * What is kept of the task that has just ended.
     *
     * @param llm the one that was chosen last
     * @param flow the last one; null where there was none
     */
    TaskRecord record(
            TaskId id, InferCall call, LlmName llm, Instant now, @Nullable Failure why, @Nullable TaskFlow flow) {
        Usage usage = flow == null ? Usage.UNKNOWN : flow.usage();
        return new TaskRecord(
                id,
                call.llm(),
                llm,
                call.caller(),
                now,
                why == null ? null : why.reason(),
                usage.promptTokens(),
                usage.completionTokens(),
                flow == null ? 0 : flow.delivered(),
                queued,
                woke,
                flow == null ? null : flow.firstByte(),
                total());
    }
}
