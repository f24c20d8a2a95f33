package dormouse.server.control;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.Terms;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done again and again, on the lane: writes down in batches the heartbeats and how long
 * wakes took, turns silent Llms INACTIVE, deletes
 * those whose publisher has been away for too long, forgets old history and old sessions. Each part is idempotent.
 */
public final class Sweep {
    private static final Logger log = LoggerFactory.getLogger(Sweep.class);
    private static final int BATCH = 500;
    private static final Duration SESSION_RETENTION = Duration.ofDays(30);

    /**
     * How often, and for how long.
     *
     * @param interval between two sweeps
     * @param flush between two batches of heartbeats
     * @param history how long the history of Llms is kept
     */
    public record Schedule(Duration interval, Duration flush, Duration history) {}

    private final Fleet fleet;
    private final AgentSessions sessions;
    private final WakeTimes wakeTimes;
    private final LlmStore llms;
    private final SessionStore sessionStore;
    private final Time time;
    private final Terms terms;
    private final Schedule schedule;
    private volatile boolean stopped;

    public Sweep(
            Fleet fleet,
            AgentSessions sessions,
            WakeTimes wakeTimes,
            LlmStore llms,
            SessionStore sessionStore,
            Time time,
            Terms terms,
            Schedule schedule) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.wakeTimes = wakeTimes;
        this.llms = llms;
        this.sessionStore = sessionStore;
        this.time = time;
        this.terms = terms;
        this.schedule = schedule;
    }

    /** Begins. */
    public void start() {
        repeat(schedule.flush(), this::flush);
        repeat(schedule.interval(), this::sweep);
        repeat(Duration.ofHours(1), this::forget);
    }

    /** Nothing begins any more; what runs ends by itself. */
    public void stop() {
        stopped = true;
    }

    private void repeat(Duration every, Runnable job) {
        time.after(every, () -> {
            if (stopped) {
                return;
            }
            fleet.onLane(() -> {
                try {
                    job.run();
                } catch (StoreException e) {
                    log.debug("not swept, trying again later cause={}", e.getMessage());
                } catch (RuntimeException e) {
                    log.warn("not swept, trying again later cause={}", e.getMessage());
                } finally {
                    repeat(every, job);
                }
            });
        });
    }

    /** Writes down when each agent was last heard, and how long wakes took. On the lane. */
    void flush() {
        Map<AttachedAgent, Instant> unwritten = new HashMap<>();
        Map<SessionId, Instant> heard = new HashMap<>();
        for (AttachedAgent agent : sessions.attached()) {
            Instant last = agent.unwritten();
            if (last != null) {
                unwritten.put(agent, last);
                heard.put(agent.session(), last);
            }
        }
        if (!heard.isEmpty()) {
            fleet.heard(heard);
            unwritten.forEach(AttachedAgent::written);
        }
        wakeTimes.flush();
    }

    /** Looks at every row once. On the lane. */
    void sweep() {
        fleet.catchUpIfBehind();
        Instant now = time.now();
        List<Change> changes = new ArrayList<>();
        for (Llm row : fleet.all()) {
            AttachedAgent agent = sessions.agentOf(row);
            if (Lifecycle.sweep(row, agent == null ? null : agent.heard(), terms, now) instanceof Step.Save save) {
                changes.add(save.change());
            }
        }
        for (int from = 0; from < changes.size(); from += BATCH) {
            fleet.apply(changes.subList(from, Math.min(changes.size(), from + BATCH)), now);
        }
    }

    private void forget() {
        Instant now = time.now();
        fleet.ask(() -> {
            llms.compact(now.minus(schedule.history()));
            sessionStore.purge(now.minus(SESSION_RETENTION));
            return now;
        });
    }
}
