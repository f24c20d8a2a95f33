package dormouse.server.relay;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.PoolChoice;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The way of an infer on a pool's name: {@link PoolChoice} says where to, this carries it out. Who has to wait stands in
 * the pool's line, also while a member wakes for it, and takes what comes first: a slot of any member, or the end of that
 * wake. Touches no database. Any thread; no method blocks.
 */
final class PoolRelay {
    private final Fleet fleet;
    private final AgentSessions sessions;
    private final Wakes wakes;
    private final WakeGate wakeGate;
    private final Time time;
    private final Limits limits;
    private final long seed;
    private final Affinity affinity = new Affinity();
    private final Setbacks setbacks;
    private final Pools pools;
    private final Gates gates;

    PoolRelay(
            Fleet fleet, AgentSessions sessions, Wakes wakes, WakeGate wakeGate, Time time, Limits limits, long seed) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.wakes = wakes;
        this.wakeGate = wakeGate;
        this.time = time;
        this.limits = limits;
        this.seed = seed;
        this.setbacks = new Setbacks(time);
        this.pools = new Pools(fleet, sessions, setbacks);
        this.gates = new Gates(fleet, sessions, pools, limits.queuePerLlm());
    }

    Gates gates() {
        return gates;
    }

    Pools pools() {
        return pools;
    }

    /** A trip through the pool of that name, or null where there is none. */
    @Nullable
    PoolTrip trip(LlmName name) {
        return pools.find(name) == null ? null : new PoolTrip(name);
    }

    /** Whether there is a pool of that name. */
    boolean has(LlmName name) {
        return pools.find(name) != null;
    }

    /** How many stand in the line of each pool where anybody does. */
    Map<LlmName, Integer> lines() {
        Map<LlmName, Integer> lines = new HashMap<>();
        for (Pool pool : pools.all()) {
            int waiting = pool.waiting();
            if (waiting > 0) {
                lines.put(pool.name(), waiting);
            }
        }
        return lines;
    }

    /** Where a task goes from here. On the task's lane. */
    void place(Task task, PoolTrip trip) {
        while (true) {
            long revision = fleet.revision(); // before any row is looked at
            Pool pool = pools.find(trip.pool());
            if (pool == null) {
                task.fail(Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + trip.pool() + ", nor a pool"));
                return;
            }
            PoolChoice.Choice choice = choose(pool, trip, conversation(pool, task, trip), trip.exempt(task.woken()));
            if (choice instanceof PoolChoice.Run run) {
                LlmGate slot = gates.of(run.member());
                if (slot.take()) {
                    task.start(slot);
                    return;
                }
            } else if (choice instanceof PoolChoice.Wake wake) {
                task.awaitWake(wakeGate, wake.member(), pool);
                pump(pool); // a slot may have become free before it stood in the line
                return;
            } else if (choice instanceof PoolChoice.Queue) {
                task.inLine(trip, pool);
                pump(pool);
                if (fleet.revision() == revision) {
                    return; // what comes now finds it in the line
                }
            } else {
                task.fail(refusal(pool, trip, choice));
                return;
            }
        }
    }

    private @Nullable LlmName conversation(Pool pool, Task task, PoolTrip trip) {
        Prefixes prefixes = trip.prefixes();
        if (prefixes == null) {
            if (pool.members().size() < 2) {
                return null; // there is no choice
            }
            InferCall call = task.call();
            prefixes = Prefixes.of(
                    call.input(),
                    call.contentType(),
                    Prefixes.mix(seed, pool.name().value()));
            trip.prefixes(prefixes);
        }
        return affinity.find(prefixes);
    }

    /** @param trip null: as for a task that has nothing behind it */
    private PoolChoice.Choice choose(Pool pool, @Nullable PoolTrip trip, @Nullable LlmName seen, boolean exempt) {
        List<PoolChoice.Member> members = new ArrayList<>();
        for (LlmName name : pool.members()) {
            Llm llm = fleet.find(name);
            AttachedAgent agent = llm == null ? null : sessions.agentOf(llm);
            if (llm != null && agent != null && (trip == null || trip.mayRunAt(name, agent))) {
                PoolChoice.Member member = member(llm, trip);
                if (member != null) {
                    members.add(member);
                }
            }
        }
        PoolChoice.Crowd crowd = new PoolChoice.Crowd(
                exempt ? Integer.MAX_VALUE : limits.queuePerLlm(), limits.waitersPerLlm(), pool.counted());
        return PoolChoice.choose(members, seen, crowd, pool.nextTurn());
    }

    /** As it stands, or null where it can serve nothing now. */
    private PoolChoice.@Nullable Member member(Llm llm, @Nullable PoolTrip trip) {
        LlmName name = llm.name();
        return switch (llm.status()) {
            case ACTIVE -> member(llm, gates.running(name) + gates.queued(name));
            case WAKING -> trip != null && trip.couldNotWake(name) ? null : member(llm, wakeGate.waiting(name));
            case HIBERNATING ->
                (trip != null && trip.couldNotWake(name)) || wakes.cooling(name) != null
                        ? null
                        : member(llm, wakeGate.waiting(name));
            case INACTIVE -> null;
        };
    }

    private PoolChoice.Member member(Llm llm, int taken) {
        return new PoolChoice.Member(
                llm.name(), llm.status(), llm.spec().concurrency(), taken, setbacks.rest(llm.name()));
    }

    private Failure refusal(Pool pool, PoolTrip trip, PoolChoice.Choice choice) {
        if (choice instanceof PoolChoice.Full) {
            return Failure.retry(
                    Reason.QUEUE_FULL,
                    pool.name() + ": as many tasks as may wait for its members already",
                    Duration.ofSeconds(1));
        }
        Failure last = trip.last();
        return last != null ? last : nobody(pool);
    }

    /** Why no member can serve: the one whose failed wake may be tried again first, or all are away. */
    private Failure nobody(Pool pool) {
        List<LlmName> members = pool.members();
        Failure soonest = null;
        for (LlmName member : members) {
            Llm llm = fleet.find(member);
            Failure cooling = llm == null || llm.status() != LlmStatus.HIBERNATING ? null : wakes.cooling(member);
            if (cooling != null && (soonest == null || left(cooling).compareTo(left(soonest)) < 0)) {
                soonest = cooling;
            }
        }
        return soonest != null
                ? soonest
                : Failure.retry(
                        Reason.LLM_INACTIVE,
                        pool.name() + " is a pool of " + members.size() + ", of which none can be had now",
                        Duration.ofSeconds(10));
    }

    private static Duration left(Failure cooling) {
        return cooling.retryAfter() == null ? Duration.ZERO : cooling.retryAfter();
    }

    /** Gives the free slots of the members to those in the line. */
    private void pump(Pool pool) {
        for (LlmName member : pool.members()) {
            if (pool.waiting() == 0) {
                return;
            }
            if (pools.serving(member) != null) {
                gates.of(member).pump();
            }
        }
    }

    /** A member's time of rest is over: it may have a task out of the line. */
    private void rested(LlmName member) {
        Pool pool = pools.of(member);
        if (pool != null && pool.waiting() > 0 && pools.serving(member) != null) {
            gates.of(member).pump();
        }
    }

    /** The task goes to the member chosen. On its lane. */
    void sent(PoolTrip trip) {
        LlmName member = trip.llm();
        trip.sentAt(time.nanos());
        setbacks.sent(member, () -> rested(member));
        Prefixes prefixes = trip.prefixes();
        if (prefixes != null) {
            affinity.remember(prefixes, member);
        }
    }

    /** Its first byte is there. */
    void answered(PoolTrip trip) {
        setbacks.clear(trip.llm());
    }

    /** Its member was lost before that. */
    void lost(PoolTrip trip) {
        LlmName member = trip.llm();
        if (pools.of(member) != null) {
            setbacks.failed(member, trip.sent(), () -> rested(member));
        }
    }

    /** Follows what has become of an Llm. On the fleet's lane. */
    void changed(LlmEvent event) {
        Pool left = pools.follow(event);
        if (left != null) {
            again(left);
        }
        if (pools.isEmpty()) {
            affinity.clear();
        }
        Pool pool = pools.of(event.llm().name());
        if (pool != null && event.type() != LlmEventType.DELETED) {
            pump(pool);
            again(pool);
        }
    }

    /** Those in the line are placed anew, unless it's where they belong. */
    private void again(Pool pool) {
        if (pool.waiting() == 0) {
            return;
        }
        boolean stay = choose(pool, null, null, true) instanceof PoolChoice.Queue;
        for (Task task : pool.line()) {
            task.placeFromLine(!stay);
        }
    }
}
