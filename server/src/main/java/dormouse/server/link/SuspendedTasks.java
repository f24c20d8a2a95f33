package dormouse.server.link;

import dormouse.server.control.FleetListener;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.Spans;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tasks of lost streams, by session, each for the resume grace. What is kept of a task is bounded by its window, how
 * many tasks there are by the Llms' concurrency, and how many sessions by the most agents. After the grace, or when a
 * foreign session has adopted their Llm, they fail with AGENT_LOST. Any thread; no method blocks.
 */
public final class SuspendedTasks implements FleetListener {
    private static final Logger log = LoggerFactory.getLogger(SuspendedTasks.class);

    private record Waiting(Suspended tasks, Time.Alarm alarm) {}

    private final Time time;
    private final Duration grace;
    private final int limit;
    private final Map<SessionId, Waiting> sessions = new HashMap<>(); // under this
    private final LongAdder resumed = new LongAdder();
    private boolean stopped; // under this

    /**
     * @param grace for how long; zero: not at all
     * @param limit the most sessions at a time
     */
    public SuspendedTasks(Time time, Duration grace, int limit) {
        this.time = time;
        this.grace = grace;
        this.limit = limit;
    }

    /** How long tasks wait for their agent. */
    Duration grace() {
        return grace;
    }

    /** How many tasks wait for their agent to come back. */
    public synchronized int waiting() {
        return sessions.values().stream().mapToInt(each -> each.tasks().size()).sum();
    }

    /** How many tasks have gone on in another stream than the one that they began on. */
    public long resumed() {
        return resumed.sum();
    }

    void countResumed(int tasks) {
        resumed.add(tasks);
    }

    /**
     * Where the tasks of a stream that was lost just now are to wait; they are put there before this lock is let go, so that
     * the next stream finds them all. Null where they can't wait.
     */
    @Nullable
    synchronized Suspended suspend(SessionId session, StreamTasks stream) {
        List<StreamTask> tasks = stream.all();
        Waiting before = sessions.get(session);
        if (stopped || grace.isZero() || tasks.isEmpty() || (before == null && sessions.size() >= limit)) {
            return null;
        }
        Suspended waiting = before == null ? new Suspended() : before.tasks();
        tasks.forEach(task -> waiting.take(task, stream));
        if (before != null) {
            before.alarm().cancel();
        }
        sessions.put(session, new Waiting(waiting, time.after(grace, () -> graceOver(session, waiting))));
        return waiting;
    }

    /** The session has another stream: its tasks, which do not wait here any longer; null where there are none. */
    @Nullable
    synchronized Suspended take(SessionId session) {
        Waiting waiting = sessions.remove(session);
        if (waiting == null) {
            return null;
        }
        waiting.alarm().cancel();
        return waiting.tasks();
    }

    private void graceOver(SessionId session, Suspended tasks) {
        synchronized (this) {
            Waiting waiting = sessions.get(session);
            if (waiting == null || waiting.tasks() != tasks) {
                return;
            }
            sessions.remove(session);
        }
        log.info("its agent did not come back in time session={} tasks={}", session, tasks.size());
        tasks.lose(lost("the agent was lost, and was not back within " + Spans.say(grace)));
    }

    /** Another session serves the Llm now: nobody will bring the rest of these answers. */
    @Override
    public void changed(LlmEvent event) {
        if (event.type() == LlmEventType.ADOPTED || event.type() == LlmEventType.DELETED) {
            LlmName llm = event.llm().name();
            all().forEach(tasks -> tasks.lose(llm, lost("the agent was lost, and another has taken over " + llm)));
        }
    }

    /** From now on no task waits: the server goes down. */
    public void stop() {
        List<Suspended> all;
        synchronized (this) {
            stopped = true;
            all = all();
            sessions.values().forEach(waiting -> waiting.alarm().cancel());
            sessions.clear();
        }
        all.forEach(tasks -> tasks.lose(lost("the agent was lost, and this server is going down")));
    }

    private synchronized List<Suspended> all() {
        return sessions.values().stream().map(Waiting::tasks).toList();
    }

    static Failure lost(String why) {
        return Failure.retry(Reason.AGENT_LOST, why, Duration.ofSeconds(1));
    }
}
