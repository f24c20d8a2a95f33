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
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.TaskId;
import dormouse.server.fleet.WakeTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wakes under way, one per Llm at most, however many want it: {@code WAKE_STARTED} is saved, then the agent is told.
 * The agent's {@code maxWait} is the clock, with {@link #BEHIND} of our own behind it. Decisions run on the lane.
 */
public final class Wakes implements FleetListener {
    /** How long after the agent's own time-out the server gives up by itself. */
    public static final Duration BEHIND = Duration.ofSeconds(10);

    /** After how long to look again for a wake that should be over by now. */
    private static final Duration OVERDUE = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(Wakes.class);

    private record Wake(
            TaskId task,
            LlmName llm,
            SessionId session,
            long started,
            Time.Alarm alarm,
            AtomicBoolean answered,
            AtomicBoolean foundAwake,
            AtomicReference<@Nullable Failure> failure) {}

    private final Fleet fleet;
    private final AgentSessions sessions;
    private final Credentials credentials;
    private final WakeTimes times;
    private final Time time;
    private final Map<LlmName, Wake> underWay = new ConcurrentHashMap<>();
    private final CoolDowns coolDowns;

    public Wakes(Fleet fleet, AgentSessions sessions, Credentials credentials, WakeTimes times, Time time) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.credentials = credentials;
        this.times = times;
        this.time = time;
        this.coolDowns = new CoolDowns(time);
        fleet.listen(this);
        sessions.onAbsence(this::notBack);
    }

    /** How long a wake of this Llm should take, or null where nobody knows. */
    public @Nullable Duration expected(LlmName llm) {
        return times.expected(llm);
    }

    /** When to come back for an Llm that is waking, or will be: after the rest of what its wake should take, if known. */
    public @Nullable Duration comeBackAfter(LlmName llm) {
        Duration expected = expected(llm);
        if (expected == null) {
            return null;
        }
        Long started = startedAt(llm);
        Duration left = started == null ? expected : expected.minus(time.since(started));
        return left.compareTo(OVERDUE) < 0 ? OVERDUE : left;
    }

    /** Since when its wake is under way, in {@link Time#nanos}; null where none is. */
    public @Nullable Long startedAt(LlmName llm) {
        Wake wake = underWay.get(llm);
        return wake == null ? null : wake.started();
    }

    /** What a wake would be refused with now, since the last one was refused, or has failed, a moment ago; or null. */
    public @Nullable Failure cooling(LlmName llm) {
        return coolDowns.of(llm);
    }

    /**
     * Somebody wants it awake: starts a wake, or joins the one under way. Its success is an event of the fleet.
     *
     * @param byHand a person asks: the cool-down does not count
     * @param actor the credential on whose behalf; empty where the server asks for none
     * @param refused hears, on the lane or at once, why there will be none
     */
    public void request(LlmName llm, boolean byHand, String actor, Consumer<Failure> refused) {
        boolean taken = fleet.offer(() -> {
            try {
                Failure failure = start(llm, byHand, actor);
                if (failure != null) {
                    refused.accept(failure);
                }
            } catch (StoreException e) {
                refused.accept(Fleet.storeUnavailable());
            }
        });
        if (!taken) {
            refused.accept(Fleet.busy());
        }
    }

    private @Nullable Failure start(LlmName llm, boolean byHand, String actor) {
        if (underWay.containsKey(llm)) {
            return null;
        }
        Llm seen = fleet.find(llm);
        if (seen == null) {
            return Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + llm);
        }
        AttachedAgent agent = sessions.agentOf(seen);
        if (seen.state() == LlmState.HIBERNATING) {
            Failure cooling = byHand ? null : cooling(llm);
            if (cooling != null) {
                return cooling;
            }
            if (agent == null) {
                return Failure.retry(
                        Reason.LLM_INACTIVE, "the agent of " + llm + " is not connected", Duration.ofSeconds(5));
            }
        }
        Instant now = time.now();
        Step step = fleet.decide(llm, row -> Lifecycle.wake(llm, row, now).by(actor));
        if (step instanceof Step.Refused refused) {
            return refused.failure();
        }
        if (step instanceof Step.Save && agent != null) {
            TaskId task = credentials.newTask();
            Duration patience = seen.spec().maxWait().plus(BEHIND);
            Time.Alarm alarm = time.after(patience, () -> timedOut(llm, task, patience));
            underWay.put(
                    llm,
                    new Wake(
                            task,
                            llm,
                            agent.session(),
                            time.nanos(),
                            alarm,
                            new AtomicBoolean(),
                            new AtomicBoolean(),
                            new AtomicReference<>()));
            log.info("wake started llm={} task={} session={}", llm, task, agent.session());
            agent.line().wake(task, llm);
        }
        return null;
    }

    /** The agent has a new stream, and maybe is a new process: it is told again what it is to wake. */
    public void resume(AttachedAgent agent) {
        underWay.values().stream()
                .filter(wake -> wake.session().equals(agent.session()))
                .forEach(wake -> {
                    agent.line().wake(wake.task(), wake.llm());
                    goOn(wake);
                });
    }

    /** Its row, INACTIVE since the stream was lost and asleep since its agent is back, says again that it wakes. */
    private void goOn(Wake wake) {
        fleet.insist("wake goes on", () -> {
            if (underWay.get(wake.llm()) == wake) {
                fleet.decide(
                        wake.llm(),
                        row -> row != null && row.state() == LlmState.HIBERNATING
                                ? Lifecycle.wakesOn(row, time.now())
                                : new Step.Keep("awake, or away again"));
            }
        });
    }

    /** Its agent was lost, and not back in time. */
    private void notBack(Llm row) {
        Wake wake = row.state() == LlmState.LOST ? end(row.name()) : null;
        if (wake != null) {
            fleet.tellWakeFailed(
                    row.name(),
                    Failure.retry(Reason.AGENT_LOST, row.name() + ": " + row.reason(), Duration.ofSeconds(2)));
        }
    }

    /** The agent's answer; one that comes late, or again, or by a stream that is fenced, is dropped. */
    public void result(AttachedAgent agent, TaskId task, Duration took, @Nullable Failure why) {
        Wake wake = underWay.values().stream()
                .filter(w -> w.task().equals(task) && sessions.find(w.session()) == agent)
                .findFirst()
                .orElse(null);
        if (wake == null || !wake.answered().compareAndSet(false, true)) {
            log.debug("a wake result came too late, or twice task={} session={}", task, agent.session());
            return; // before the lane: no agent can fill it with what nobody waits for
        }
        fleet.insist("wake result", () -> {
            Wake now = underWay.get(wake.llm());
            if (now == null || !now.task().equals(task)) {
                return;
            }
            if (why == null) {
                now.foundAwake().set(!took.isZero() && took.compareTo(WakeTime.SHORTEST) < 0);
                fleet.decide(wake.llm(), row -> Lifecycle.woke(wake.llm(), row, took, time.now()));
            } else {
                fail(wake, why);
            }
        });
    }

    private void timedOut(LlmName llm, TaskId task, Duration patience) {
        fleet.insist("wake time-out", () -> {
            Wake wake = underWay.get(llm);
            if (wake != null && wake.task().equals(task)) {
                fail(
                        wake,
                        Failure.of(
                                Reason.WAKE_TIMEOUT,
                                llm + " was not awake, and its agent said nothing, within " + patience.toSeconds()
                                        + " s"));
            }
        });
    }

    /**
     * Nobody waits for it any more.
     *
     * @param unwanted asked again on the lane: somebody may have come meanwhile
     */
    public void abandon(LlmName llm, BooleanSupplier unwanted) {
        fleet.insist("wake abandoned", () -> {
            Wake wake = underWay.get(llm);
            if (wake != null && unwanted.getAsBoolean()) {
                fail(wake, Failure.of(Reason.CLIENT_GONE, "given up: nobody waits for it any more"));
            }
        });
    }

    private void fail(Wake wake, Failure why) {
        wake.failure().set(why);
        fleet.decide(wake.llm(), row -> Lifecycle.wakeFailed(wake.llm(), row, why.message(), time.now()));
        if (underWay.remove(wake.llm(), wake)) { // its row is INACTIVE, while its agent may be back: no event ends it
            wake.alarm().cancel();
            fleet.tellWakeFailed(wake.llm(), coolDowns.failed(wake.llm(), why));
        }
    }

    /** It is on disk that the wake has failed, even where the answer to the commit was lost: now everybody is told. */
    private void failed(Wake wake, String detail) {
        Failure said = wake.failure().get();
        Failure why = said == null ? Failure.of(Reason.WAKE_FAILED, detail) : said;
        AttachedAgent agent = sessions.find(wake.session());
        if (agent != null && !wake.answered().get()) {
            agent.line().cancel(wake.task(), why);
        }
        fleet.tellWakeFailed(wake.llm(), coolDowns.failed(wake.llm(), why));
    }

    /** Whatever moves the Llm out of WAKING has ended its wake. */
    @Override
    public void changed(LlmEvent event) {
        LlmName llm = event.llm().name();
        switch (event.type()) {
            case WAKE_STARTED -> {}
            case WOKE, BACKEND_UP -> {
                coolDowns.forget(llm);
                Wake wake = end(llm);
                if (wake != null && !wake.foundAwake().get()) {
                    times.woke(llm, wake.session(), time.since(wake.started()));
                }
            }
            case DELETED -> {
                end(llm);
                coolDowns.forget(llm);
            }
            case WAKE_FAILED -> {
                Wake wake = end(llm);
                if (wake != null) {
                    failed(wake, event.detail());
                }
            }
            case REGISTERED, REACTIVATED, ADOPTED, SLEPT, DEACTIVATED, UPDATED, BACKEND_DOWN -> {
                coolDowns.forgetRefusal(llm); // by another publisher, or after a change of mind
                if (event.llm().state() == LlmState.ACTIVE) {
                    coolDowns.forgetFailures(llm);
                }
                if (event.llm().state() != LlmState.WAKING && !goesOn(event)) {
                    notBack(event.llm());
                    end(llm);
                }
            }
        }
    }

    /** Whether it is only a blip of the stream: its agent may be back in a moment, or is back with the Llm still asleep. */
    private boolean goesOn(LlmEvent event) {
        Llm row = event.llm();
        Wake wake = underWay.get(row.name());
        boolean back = event.type() == LlmEventType.REACTIVATED
                && row.state() == LlmState.HIBERNATING
                && wake != null
                && row.ownedBy(wake.session());
        return back || sessions.mayReturn(row);
    }

    private @Nullable Wake end(LlmName llm) {
        Wake wake = underWay.remove(llm);
        if (wake != null) {
            wake.alarm().cancel();
        }
        return wake;
    }
}
