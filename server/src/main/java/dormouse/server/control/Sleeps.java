package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.TaskId;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sleeps by hand that are under way, one per Llm at most, however many want it. None is asked for while a task is
 * anywhere on its way to the Llm: so a task meets at most one of them, the one that was asked for just before it came.
 * Whether tasks run is decided for good by the agent. Any thread; decisions run on the lane.
 */
public final class Sleeps implements FleetListener {
    /** How long the agent may take. Its own clock is the recipe's, which this server does not know; this ends what has no end. */
    public static final Duration PATIENCE = Duration.ofDays(1);

    private static final Logger log = LoggerFactory.getLogger(Sleeps.class);

    /** Wants an Llm asleep; hears exactly one of these, unless it leaves before. Must not block. */
    public interface Waiter {
        /** The recipe has run, or had before: see {@link Fleet} for what the Llm is now. */
        void asleep();

        void failed(Failure why);
    }

    private static final class Sleep {
        final TaskId task;
        final LlmName llm;
        final SessionId session;
        final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
        final AtomicBoolean answered = new AtomicBoolean();
        final Time.Alarm alarm;
        boolean told; // the row has left ACTIVE since: what it says now is newer than the end of the sleep; on the lane

        Sleep(TaskId task, LlmName llm, SessionId session, Time.Alarm alarm) {
            this.task = task;
            this.llm = llm;
            this.session = session;
            this.alarm = alarm;
        }
    }

    private final Fleet fleet;
    private final AgentSessions sessions;
    private final Credentials credentials;
    private final Time time;
    private final ToIntFunction<LlmName> tasks;
    private final int limit;
    private final Map<LlmName, Sleep> underWay = new ConcurrentHashMap<>();

    /**
     * @param tasks how many tasks run on an Llm, queue for it, wait for its wake, or are between these
     * @param limit the most waiters of one Llm
     */
    public Sleeps(
            Fleet fleet,
            AgentSessions sessions,
            Credentials credentials,
            Time time,
            ToIntFunction<LlmName> tasks,
            int limit) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.credentials = credentials;
        this.time = time;
        this.tasks = tasks;
        this.limit = limit;
        fleet.listen(this);
        sessions.onAbsence(this::notBack);
    }

    /** How many wait for its sleep. */
    public int waiting(LlmName llm) {
        Sleep sleep = underWay.get(llm);
        return sleep == null ? 0 : sleep.waiters.size();
    }

    /** Somebody wants it asleep: starts a sleep, or joins the one under way. */
    public void request(LlmName llm, Waiter waiter) {
        boolean taken = fleet.offer(() -> start(llm, waiter));
        if (!taken) {
            waiter.failed(Fleet.busy());
        }
    }

    private void start(LlmName llm, Waiter waiter) {
        Llm row = fleet.find(llm);
        if (row == null) {
            waiter.failed(notFound(llm));
            return;
        }
        Sleep known = underWay.get(llm);
        switch (row.status()) {
            case INACTIVE -> waiter.failed(inactive(row));
            case WAKING -> waiter.failed(refused(llm + " is being woken"));
            case HIBERNATING -> {
                if (known == null) {
                    waiter.asleep();
                } else {
                    join(known, waiter);
                }
            }
            case ACTIVE -> {
                if (known == null) {
                    begin(row, waiter);
                } else {
                    join(known, waiter);
                }
            }
        }
    }

    private void begin(Llm row, Waiter waiter) {
        LlmName llm = row.name();
        AttachedAgent agent = sessions.agentOf(row);
        int busy = tasks.applyAsInt(llm);
        if (!row.spec().sleepable()) {
            waiter.failed(refused(llm + " has no recipe that puts it to sleep"));
        } else if (busy > 0) {
            waiter.failed(refused(llm + " is busy: tasks=" + busy));
        } else if (agent == null) {
            waiter.failed(Failure.retry(
                    Reason.LLM_INACTIVE, "the agent of " + llm + " is not connected", Duration.ofSeconds(5)));
        } else {
            TaskId task = credentials.newTask();
            Sleep sleep = new Sleep(task, llm, agent.session(), time.after(PATIENCE, () -> timedOut(llm, task)));
            sleep.waiters.add(waiter);
            underWay.put(llm, sleep);
            log.info("sleep started llm={} task={} session={}", llm, task, agent.session());
            agent.line().sleep(task, llm);
        }
    }

    private void join(Sleep sleep, Waiter waiter) {
        if (sleep.waiters.size() >= limit) {
            waiter.failed(Failure.retry(
                    Reason.QUEUE_FULL,
                    sleep.llm + " is being put to sleep, and " + limit + " wait for it already",
                    Duration.ofSeconds(5)));
        } else {
            sleep.waiters.add(waiter);
        }
    }

    /** Waits no longer; the sleep goes on. */
    public void leave(LlmName llm, Waiter waiter) {
        Sleep sleep = underWay.get(llm);
        if (sleep != null) {
            sleep.waiters.remove(waiter);
        }
    }

    /** The agent has a new stream, and maybe is a new process: it is told again what it is to put to sleep. */
    public void resume(AttachedAgent agent) {
        underWay.values().stream()
                .filter(sleep -> sleep.session.equals(agent.session()))
                .forEach(sleep -> agent.line().sleep(sleep.task, sleep.llm));
    }

    /** The agent's answer; one that comes late, or again, or by a stream that is fenced, is dropped. */
    public void result(AttachedAgent agent, TaskId task, @Nullable Failure why) {
        Sleep sleep = underWay.values().stream()
                .filter(s -> s.task.equals(task) && sessions.find(s.session) == agent)
                .findFirst()
                .orElse(null);
        if (sleep == null || !sleep.answered.compareAndSet(false, true)) {
            log.debug("a sleep result came too late, or twice task={} session={}", task, agent.session());
            return; // before the lane: no agent can fill it with what nobody waits for
        }
        fleet.insist("sleep result", () -> {
            if (underWay.get(sleep.llm) != sleep) {
                return;
            }
            if (why != null) {
                end(sleep, waiter -> waiter.failed(why));
                return;
            }
            fleet.decide(
                    sleep.llm,
                    row -> sleep.told ? new Step.Keep("known already") : Lifecycle.slept(sleep.llm, row, time.now()));
            end(sleep, Waiter::asleep);
        });
    }

    private void timedOut(LlmName llm, TaskId task) {
        fleet.onLane(() -> {
            Sleep sleep = underWay.get(llm);
            if (sleep != null && sleep.task.equals(task)) {
                Failure why = Failure.of(
                        Reason.DEADLINE,
                        llm + " was not asleep, as far as its agent has said, within " + PATIENCE.toHours()
                                + " h; its recipe may still run");
                end(sleep, waiter -> waiter.failed(why));
            }
        });
    }

    /** A publisher that goes away ends its sleeps. */
    @Override
    public void changed(LlmEvent event) {
        Llm row = event.llm();
        Sleep sleep = underWay.get(row.name());
        if (sleep == null) {
            return;
        }
        if (event.type() == LlmEventType.DELETED) {
            end(sleep, waiter -> waiter.failed(notFound(row.name())));
            return;
        }
        if (!row.ownedBy(sleep.session) && row.owner() != null) {
            lost(sleep, row.name() + " has been taken over by another agent");
            return;
        }
        sleep.told |= row.state() != LlmState.ACTIVE;
        switch (row.state()) {
            case LOST -> {
                if (!sessions.mayReturn(row)) {
                    lost(sleep, row.name() + ": " + row.reason());
                }
            }
            case SILENT -> lost(sleep, row.name() + ": " + row.reason());
            case LEFT, DOWN -> end(sleep, waiter -> waiter.failed(inactive(row)));
            case ABSENT, ACTIVE, HIBERNATING, WAKING -> {}
        }
    }

    /** Its agent was lost, and not back in time. */
    private void notBack(Llm row) {
        Sleep sleep = row.state() == LlmState.LOST ? underWay.get(row.name()) : null;
        if (sleep != null) {
            lost(sleep, row.name() + ": " + row.reason());
        }
    }

    private void lost(Sleep sleep, String why) {
        Failure lost = Failure.retry(Reason.AGENT_LOST, why, Duration.ofSeconds(2));
        end(sleep, waiter -> waiter.failed(lost));
    }

    private void end(Sleep sleep, Consumer<Waiter> verdict) {
        if (underWay.remove(sleep.llm, sleep)) {
            sleep.alarm.cancel();
            for (Waiter waiter : sleep.waiters) {
                if (sleep.waiters.remove(waiter)) {
                    verdict.accept(waiter);
                }
            }
        }
    }

    private static Failure refused(String why) {
        return Failure.of(Reason.SLEEP_REFUSED, why);
    }

    private static Failure notFound(LlmName llm) {
        return Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + llm);
    }

    private static Failure inactive(Llm row) {
        return Failure.retry(Reason.LLM_INACTIVE, row.name() + " is INACTIVE: " + row.reason(), Duration.ofSeconds(10));
    }
}
