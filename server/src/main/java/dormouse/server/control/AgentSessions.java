package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.Terms;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agents that are attached to this server: opens and resumes sessions, fences off a session's older stream, and turns
 * what agents say into lifecycle events. A stream is trusted only while it is the one that its session has attached.
 */
public final class AgentSessions implements Reception {
    private static final Logger log = LoggerFactory.getLogger(AgentSessions.class);

    private final Fleet fleet;
    private final HouseSession house;
    private final Epochs epochs;
    private final Time time;
    private final OwnRows rows;
    private final int limit;
    private final Map<SessionId, AttachedAgent> attached = new ConcurrentHashMap<>();
    private final Ghosts ghosts = new Ghosts();
    private final LongAdder resumed = new LongAdder();
    private final LongAdder late = new LongAdder();
    private final Absences absences;
    private final Clones clones;
    private final Arrivals arrivals = new Arrivals();
    private volatile boolean draining;

    /**
     * @param house serves the PUBLIC Llms; it is none of those that are attached here
     * @param resumeGrace how long a session whose stream was lost is waited for; zero: not at all
     * @param limit the most agents at a time
     */
    public AgentSessions(
            Fleet fleet,
            HouseSession house,
            SessionStore store,
            Credentials credentials,
            Time time,
            Terms terms,
            Duration resumeGrace,
            String replica,
            int limit) {
        this.fleet = fleet;
        this.house = house;
        this.epochs = new Epochs(fleet, store, credentials);
        this.time = time;
        this.rows = new OwnRows(fleet, time, terms, replica);
        this.limit = limit;
        this.absences = new Absences(fleet, time, resumeGrace, limit);
        this.clones = new Clones(fleet, time);
    }

    /** Every attached agent: a live view. */
    public Collection<AttachedAgent> attached() {
        return Collections.unmodifiableCollection(attached.values());
    }

    @Override
    public @Nullable AttachedAgent find(SessionId session) {
        return attached.get(session);
    }

    /** The stream of an Llm's agent, or null where it is not attached here. */
    public @Nullable AttachedAgent agentOf(Llm llm) {
        return llm.owner() == null ? house.agent() : attached.get(llm.owner().session());
    }

    /** How many streams have gone on with a session that was there before them. */
    public long resumed() {
        return resumed.sum();
    }

    /** How many messages came from streams that a newer one had fenced off, or that were closed; all were dropped. */
    public long lateMessages() {
        return late.sum();
    }

    @Override
    public void late() {
        late.increment();
    }

    /** Whether the Llm is INACTIVE only since its agent's stream was lost a moment ago. */
    public boolean mayReturn(Llm llm) {
        return llm.state() == LlmState.LOST
                && llm.owner() != null
                && absences.has(llm.owner().session());
    }

    /** Hears, on the lane, of each Llm whose agent was not back in time. */
    public void onAbsence(Consumer<Llm> listener) {
        absences.listen(session -> fleet.ownedBy(session).forEach(listener));
    }

    /** From now on no new session is taken, and none is waited for. */
    public void drain() {
        draining = true;
        fleet.onLane(absences::stop);
    }

    /** The same, and every agent is asked to connect anew and finish its tasks here. */
    public void drain(Duration reconnectWithin, Duration finishWithin) {
        drain();
        attached().forEach(agent -> drain(agent, reconnectWithin, finishWithin));
    }

    /** Asks an agent to connect anew; its stream is ended when the time for its tasks is over. */
    public void drain(AttachedAgent agent, Duration reconnectWithin, Duration finishWithin) {
        agent.drain(reconnectWithin, finishWithin);
        Failure over = Failure.retry(
                Reason.REPLICA_DRAINING, "the time for finishing tasks here is over", Duration.ofSeconds(1));
        time.after(finishWithin, () -> agent.line().close(over));
    }

    @Override
    public void attach(Registration registration, AgentLine line, Consumer<Registered> answer) {
        Failure later = arrivals.come();
        if (later != null) {
            answer.accept(new Registered.Rejected(later));
            return;
        }
        fleet.onLane(() -> {
            long start = time.nanos();
            try {
                if (line.isOpen()) { // else it has given up waiting
                    attachOnLane(registration, line, null, answer);
                }
            } finally {
                arrivals.served(time.since(start).toNanos());
            }
        });
    }

    /** @param silent the stream that was asked whether it lives, and did not answer; null where none was */
    private void attachOnLane(
            Registration registration, AgentLine line, @Nullable AttachedAgent silent, Consumer<Registered> answer) {
        SessionId known = registration.session();
        AttachedAgent holder = known == null ? null : attached.get(known);
        if (known == null || holder == null || holder == silent || !Clones.doubtful(holder, registration)) {
            answer.accept(guarded(() -> attachOnLane(registration, line)));
            return;
        }
        Failure refused = refusal(known, registration);
        if (refused != null) {
            answer.accept(new Registered.Rejected(refused));
            return;
        }
        clones.ask(holder, registration, answer, () -> {
            if (line.isOpen()) {
                attachOnLane(registration, line, holder, answer);
            }
        });
    }

    /**
     * A later {@code Register} of an attached stream: the set of names that it publishes from now on. While the store is
     * away the answer waits, so that the stream and its tasks go on; one that a later one has overtaken is answered like
     * that.
     */
    @Override
    public void publish(AttachedAgent agent, Registration registration, Consumer<Registered> answer) {
        agent.stay(); // whatever it said before
        agent.want(registration);
        fleet.insist("register", () -> {
            Registration wanted = agent.wanted();
            if (isCurrent(agent) && wanted != null) {
                fleet.catchUpIfBehind();
                List<Registered.Grant> grants = rows.claim(agent, wanted);
                letLeave(agent); // where it has said goodbye while the store was away
                answer.accept(new Registered.Accepted(agent.session(), null, agent.epoch(), true, true, grants));
            } else {
                late();
                answer.accept(new Registered.Rejected(Epochs.fenced()));
            }
        });
    }

    private @Nullable Failure refusal(SessionId session, Registration registration) {
        try {
            return epochs.refusal(session, registration);
        } catch (StoreException e) {
            return Fleet.storeUnavailable();
        }
    }

    private Registered guarded(Supplier<Registered> work) {
        try {
            fleet.catchUpIfBehind();
            return work.get();
        } catch (StoreException | StaleException e) {
            log.debug("registration not taken cause={}", e.getMessage());
            return new Registered.Rejected(Fleet.storeUnavailable());
        }
    }

    private Registered attachOnLane(Registration registration, AgentLine line) {
        if (draining) {
            return new Registered.Rejected(
                    Failure.retry(Reason.REPLICA_DRAINING, "this server is going down", Duration.ofSeconds(1)));
        }
        layGhost(registration);
        SessionId known = registration.session();
        if (attached.size() >= limit && (known == null || !attached.containsKey(known))) {
            return new Registered.Rejected(Failure.retry(
                    Reason.OVERLOADED, "this server holds its most agents already: " + limit, Duration.ofSeconds(30)));
        }
        Instant now = time.now();
        Epochs.Opened opened = epochs.open(registration, now);
        if (opened instanceof Epochs.Refused refused) {
            log.warn("session refused session={} agent={}", known, registration.agentName());
            return new Registered.Rejected(refused.why());
        }
        Epochs.Granted granted = (Epochs.Granted) opened;
        SessionId id = granted.session();
        AttachedAgent agent = new AttachedAgent(
                id,
                granted.epoch(),
                line,
                registration.agentName(),
                registration.agentVersion(),
                registration.principal(),
                registration.instanceId(),
                now);
        if (granted.newToken() != null) {
            ghosts.opened(agent);
        }
        AttachedAgent older = attached.put(id, agent);
        absences.back(id);
        if (older != null) {
            ghosts.laid(older); // its session has been heard of: it goes on in this stream
        }
        if (granted.newToken() == null) {
            resumed.increment();
        }
        if (older != null && !older.finishing()) {
            log.info("stream fenced session={} epoch={}", id, older.epoch());
            older.line().close(Epochs.fenced());
        }
        if (older != null) {
            clones.gone(older);
        }
        try {
            List<Registered.Grant> grants = rows.claim(agent, registration);
            absences.tell(id); // of the names that it has not brought back
            log.info("agent attached session={} agent={} epoch={}", id, agent.name(), agent.epoch());
            return new Registered.Accepted(
                    id, granted.newToken(), agent.epoch(), granted.newToken() == null, granted.sameProcess(), grants);
        } catch (StoreException e) {
            detach(agent, "its registration was not saved", true);
            throw e;
        }
    }

    private void layGhost(Registration registration) {
        AttachedAgent ghost = ghosts.of(registration);
        if (ghost != null) {
            log.info("its agent never heard of it, and starts anew session={} agent={}", ghost.session(), ghost.name());
            rows.change(ghost, row -> Lifecycle.left(row, "agent " + ghost.name() + " starts anew", time.now()));
            ghosts.laid(ghost);
            attached.remove(ghost.session(), ghost);
            ghost.line().close(Failure.of(Reason.DISCONNECTED, "its agent starts anew"));
        }
    }

    @Override
    public void heard(AttachedAgent agent) {
        if (agent.hear(time.now())) {
            ghosts.laid(agent);
        }
    }

    @Override
    public void heartbeat(AttachedAgent agent, Map<LlmName, AttachedAgent.Report> reports, int activeTasks) {
        Instant now = time.now();
        heard(agent);
        clones.answered(agent);
        agent.load(activeTasks);
        if ((rows.isNews(agent, reports, now) || agent.reportsWait()) && agent.offerReports(reports)) {
            fleet.insist("heartbeat", () -> {
                if (isCurrent(agent)) {
                    rows.report(agent, agent.takeReports(), now);
                } else {
                    late();
                }
            });
        }
    }

    @Override
    public void disconnected(AttachedAgent agent, String why, boolean mayReturn) {
        fleet.onLane(() -> detach(agent, why, mayReturn));
    }

    private void detach(AttachedAgent agent, String why, boolean mayReturn) {
        if (!attached.remove(agent.session(), agent)) {
            return; // a newer stream took over
        }
        ghosts.laid(agent);
        if (mayReturn) {
            absences.begin(agent.session());
        }
        clones.gone(agent);
        log.info("agent detached session={} agent={} why={}", agent.session(), agent.name(), why);
        fleet.insist("disconnect", () -> {
            if (!attached.containsKey(agent.session())) {
                rows.change(agent, row -> Lifecycle.disconnected(row, why, time.now()));
            }
        });
    }

    /** Its Llms are INACTIVE at once, its tasks go on. */
    @Override
    public void goodbye(AttachedAgent agent) {
        agent.leave();
        fleet.insist("goodbye", () -> letLeave(agent));
    }

    private void letLeave(AttachedAgent agent) {
        if (!isCurrent(agent)) {
            late();
        } else if (agent.leaving()) {
            agent.publish(Set.of());
            rows.change(agent, row -> Lifecycle.left(row, "agent " + agent.name() + " said goodbye", time.now()));
        }
    }

    /**
     * The agent had put an Llm's backend to sleep when a task came.
     *
     * @param revision of the row when the task was sent: where it is another by now, the row knows better already
     * @param then runs on the lane, when the row says so too
     */
    public void asleep(AttachedAgent agent, LlmName llm, long revision, Runnable then) {
        fleet.insist("asleep", () -> {
            if (isCurrent(agent)) {
                fleet.decide(
                        llm,
                        row -> row != null && row.ownedBy(agent.session()) && row.revision() == revision
                                ? Lifecycle.slept(llm, row, time.now())
                                : new Step.Keep("not its own, or not as it was"));
            }
            then.run();
        });
    }

    private boolean isCurrent(AttachedAgent agent) {
        return attached.get(agent.session()) == agent;
    }
}
