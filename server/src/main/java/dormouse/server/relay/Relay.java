package dormouse.server.relay;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Credentials;
import dormouse.server.control.Fleet;
import dormouse.server.control.FleetListener;
import dormouse.server.control.Time;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The way of an infer through the server: what is the Llm's status, whose turn is it, to which agent; and the tasks that
 * are on that way. Touches no database. Any thread; no method blocks.
 */
public final class Relay implements FleetListener {
    private final Fleet fleet;
    private final AgentSessions sessions;
    private final Wakes wakes;
    private final WakeGate wakeGate;
    private final Credentials credentials;
    private final Time time;
    private final Limits limits;
    private final TaskLedger ledger;
    private final Buffered buffered;
    private final PoolRelay pools;
    private final Gates gates;
    private final AtomicLong arrivals = new AtomicLong();
    private final Set<Task> tasks = ConcurrentHashMap.newKeySet();
    private final Set<LlmName> loadChanged = ConcurrentHashMap.newKeySet();
    private final LongAdder windowStalls = new LongAdder();
    private volatile boolean draining;

    public Relay(
            Fleet fleet,
            AgentSessions sessions,
            Wakes wakes,
            WakeGate wakeGate,
            Credentials credentials,
            Time time,
            Limits limits,
            TaskLedger ledger) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.wakes = wakes;
        this.wakeGate = wakeGate;
        this.credentials = credentials;
        this.time = time;
        this.limits = limits;
        this.ledger = ledger;
        this.buffered = new Buffered(limits.bufferedBytes());
        this.pools = new PoolRelay(fleet, sessions, wakes, wakeGate, time, limits, credentials.newSeed());
        this.gates = pools.gates();
        fleet.listen(this);
        sessions.onAbsence(llm -> rearrange(llm.name(), fleet.find(llm.name())));
    }

    /**
     * Takes on an infer. Whatever becomes of it is told to {@code client}, possibly before this returns.
     *
     * @return the task, for the edge to say that the client is ready for more, or gone
     */
    public Task infer(InferCall call, Client client) {
        return infer(call, allowance(), client);
    }

    /** The same for a body that was counted while it came; the allowance is given back by whatever becomes of the task. */
    public Task infer(InferCall call, BodyAllowance allowance, Client client) {
        Task task = new Task(
                credentials.newTask(), arrivals.incrementAndGet(), call, client, this, time, limits.windowBytes());
        Failure refusal = refusal(call, allowance);
        if (refusal != null) {
            allowance.release();
            task.fail(refusal);
            return task;
        }
        tasks.add(task);
        task.begin(allowance::release);
        if (draining) {
            drain(); // it began while this one came in
        }
        return task;
    }

    /** For a body that is to come, of which nothing is held yet. */
    public BodyAllowance allowance() {
        return new BodyAllowance(buffered, limits);
    }

    private @Nullable Failure refusal(InferCall call, BodyAllowance allowance) {
        if (draining) {
            return Failure.retry(Reason.REPLICA_DRAINING, "this server is going down", Duration.ofSeconds(1));
        }
        if (!RelativePath.isValid(call.path())) {
            return Failure.of(
                    Reason.MALFORMED,
                    "path: relative to the backend's base URL, of URL characters (\":\" only in a query), without \"..\" or a"
                            + " scheme, at most 2048 characters");
        }
        return allowance.hold(call.input().remaining());
    }

    /** Where a task goes from here: its Llm may answer now, has to be woken first, or not. On the task's lane. */
    void place(Task task) {
        LlmName name = task.llm();
        Llm llm = task.trip() == null ? fleet.find(name) : null;
        if (llm == null) {
            placeInPool(task);
            return;
        }
        switch (llm.status()) {
            case ACTIVE -> enqueue(task);
            case HIBERNATING, WAKING -> task.awaitWake(wakeGate, name, null);
            case INACTIVE -> task.fail(inactive(llm));
        }
    }

    private void placeInPool(Task task) {
        PoolTrip trip = task.trip() == null ? pools.trip(task.llm()) : task.trip();
        if (trip == null) {
            task.fail(Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + task.llm()));
            return;
        }
        task.travel(trip);
        pools.place(task, trip);
    }

    /** The way of those who ask for a pool. */
    PoolRelay pools() {
        return pools;
    }

    private void enqueue(Task task) {
        LlmGate gate = gates.of(task.llm());
        int position = gate.enter(task);
        if (position == 0) {
            task.fail(Failure.retry(
                    Reason.QUEUE_FULL,
                    task.llm() + " has " + limits.queuePerLlm() + " tasks waiting already",
                    Duration.ofSeconds(1)));
            return;
        }
        task.inQueue(gate, position);
        gate.pump();
        Llm now = fleet.find(task.llm());
        if (now == null || now.status() != LlmStatus.ACTIVE) {
            rearrange(task.llm(), now); // it changed while this task entered
        }
    }

    /** Its agent says that the Llm sleeps, whatever its row says yet: the task is placed anew when the row says so too. */
    void asleep(Task task, AttachedAgent agent, long revision) {
        sessions.asleep(agent, task.llm(), revision, task::place);
    }

    /** Of the Llm's row; 0 where there is none. */
    long revision(LlmName name) {
        Llm llm = fleet.find(name);
        return llm == null ? 0 : llm.revision();
    }

    /** The agent that serves the Llm now, or null. */
    @Nullable
    AttachedAgent agentOf(LlmName name) {
        Llm llm = fleet.find(name);
        return llm == null ? null : sessions.agentOf(llm);
    }

    static Failure inactive(Llm llm) {
        return Failure.retry(Reason.LLM_INACTIVE, llm.name() + " is INACTIVE: " + llm.reason(), Duration.ofSeconds(10));
    }

    /** A phase as a client is told of it. */
    Phase waking(LlmName llm) {
        Long started = wakes.startedAt(llm);
        return new Phase(
                Phase.Kind.WAKING, llm, 0, started == null ? Duration.ZERO : time.since(started), wakes.expected(llm));
    }

    /** When a client may come back for an Llm that is waking: null where nobody knows. */
    @Nullable
    Duration comeBackAfter(LlmName llm) {
        return wakes.comeBackAfter(llm);
    }

    @Override
    public void changed(LlmEvent event) {
        LlmName name = event.llm().name();
        boolean deleted = event.type() == LlmEventType.DELETED;
        pools.changed(event);
        rearrange(name, deleted ? null : event.llm());
        if (deleted) {
            gates.deleted(name);
        }
    }

    /** Those who queue for an Llm are moved to where they belong by what it is now; null: it is gone. */
    private void rearrange(LlmName name, @Nullable Llm llm) {
        LlmGate gate = gates.find(name);
        if (gate == null) {
            return;
        }
        if (llm == null) {
            gate.takeAll().forEach(task -> task.fail(Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + name)));
            return;
        }
        switch (llm.status()) {
            case ACTIVE -> gate.pump();
            case HIBERNATING, WAKING -> gate.takeAll().forEach(Task::place);
            case INACTIVE -> {
                if (!sessions.mayReturn(llm)) { // else they wait on: it may be back in a moment
                    gate.takeAll().forEach(task -> task.fail(inactive(llm)));
                }
            }
        }
    }

    void loadChanged(LlmName llm) {
        loadChanged.add(llm);
    }

    /** The Llms whose task counts have changed since this was last asked. */
    public Set<LlmName> takeLoadChanges() {
        Set<LlmName> taken = Set.copyOf(loadChanged);
        loadChanged.removeAll(taken);
        return taken;
    }

    void windowUsedUp() {
        windowStalls.increment();
    }

    /** How often the agent of a task had to stop sending, since its client had not taken what was there. */
    public long windowStalls() {
        return windowStalls.sum();
    }

    void ended(Task task, TaskRecord record) {
        tasks.remove(task);
        ledger.ended(record);
    }

    /** How many tasks of an Llm run. */
    public int running(LlmName llm) {
        return gates.running(llm);
    }

    /**
     * How many tasks of an Llm wait for their turn; those that wait for its wake do so elsewhere, and those that wait for
     * any member of its pool too.
     */
    public int queued(LlmName llm) {
        return gates.queued(llm);
    }

    /** Whether an Llm or a pool has this name. */
    public boolean isKnown(LlmName name) {
        return fleet.find(name) != null || pools.trip(name) != null;
    }

    /** How many tasks wait for any member of a pool, those included for which a member wakes; of each pool with such. */
    public Map<LlmName, Integer> lines() {
        return pools.lines();
    }

    /** Whether it is the name of a pool. */
    public boolean isPool(LlmName name) {
        return pools.has(name);
    }

    /** How many tasks are on their way to an Llm, or run on it, or have still to be ended by its agent. */
    public int busy(LlmName llm) {
        long onTheirWay = tasks.stream().filter(task -> task.llm().equals(llm)).count();
        return Math.max((int) onTheirWay, running(llm));
    }

    /** How many tasks there are, waiting and running. */
    public int tasks() {
        return tasks.size();
    }

    /** Bytes of request bodies that are held. */
    public long bufferedBytes() {
        return buffered.held();
    }

    /** From now on every new infer is refused; those that wait are too, those that run go on. */
    public void drain() {
        draining = true;
        Failure why = Failure.retry(Reason.REPLICA_DRAINING, "this server is going down", Duration.ofSeconds(1));
        List<Task> waiting = new ArrayList<>(tasks);
        waiting.forEach(task -> task.failUnlessRunning(why));
    }
}
