package dormouse.server.relay;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.Fleet;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Every pool: there is one while an Llm names it. Follows the fleet's events, on its lane; read by any thread.
 */
final class Pools {
    private final Fleet fleet;
    private final AgentSessions sessions;
    private final Setbacks setbacks;
    private final Map<LlmName, Pool> pools = new ConcurrentHashMap<>();
    private final Map<LlmName, Pool> poolOf = new ConcurrentHashMap<>();

    Pools(Fleet fleet, AgentSessions sessions, Setbacks setbacks) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.setbacks = setbacks;
        fleet.all().forEach(llm -> join(llm.name(), llm.spec().pool()));
    }

    /** The pool of that name, or null. */
    @Nullable
    Pool find(LlmName name) {
        return pools.get(name);
    }

    /** The pool to which an Llm belongs, or null. */
    @Nullable
    Pool of(LlmName member) {
        return poolOf.get(member);
    }

    /** A live view. */
    Collection<Pool> all() {
        return pools.values();
    }

    boolean isEmpty() {
        return pools.isEmpty();
    }

    /** Follows the event; the pool that its Llm has left by it, or null. */
    @Nullable
    Pool follow(LlmEvent event) {
        LlmName member = event.llm().name();
        String pool =
                event.type() == LlmEventType.DELETED ? "" : event.llm().spec().pool();
        Pool old = poolOf.get(member);
        if (pool.equals(old == null ? "" : old.name().value())) {
            return null;
        }
        if (old != null) {
            leave(member, old);
        }
        join(member, pool);
        return old;
    }

    private void join(LlmName member, String name) {
        if (name.isEmpty()) {
            return;
        }
        Pool pool = pools.computeIfAbsent(new LlmName(name), Pool::new);
        List<LlmName> members = new ArrayList<>(pool.members());
        members.add(member);
        Collections.sort(members);
        pool.members(members);
        poolOf.put(member, pool);
    }

    private void leave(LlmName member, Pool pool) {
        poolOf.remove(member);
        setbacks.clear(member);
        List<LlmName> members = new ArrayList<>(pool.members());
        members.remove(member);
        pool.members(members);
        if (members.isEmpty()) {
            pools.remove(pool.name());
        }
    }

    /**
     * A slot of a member is free: the task out of its pool's line whose turn it is, or null. A member that is to be left
     * alone gets none, unless all are.
     *
     * @param before the arrival of the task that would get the slot else
     */
    @Nullable
    Task next(LlmName member, long before) {
        Pool pool = poolOf.get(member);
        if (pool == null || pool.waiting() == 0) {
            return null;
        }
        AttachedAgent agent = serving(member);
        if (agent == null
                || (isResting(member)
                        && pool.members().stream().anyMatch(other -> !isResting(other) && serving(other) != null))) {
            return null;
        }
        return pool.take(before, task -> {
            PoolTrip trip = task.trip();
            return trip != null && trip.mayRunAt(member, agent);
        });
    }

    /** Whether it has failed, and is to be left alone yet. */
    boolean isResting(LlmName member) {
        return !setbacks.rest(member).isZero();
    }

    /** The agent behind an ACTIVE Llm, or null. */
    @Nullable
    AttachedAgent serving(LlmName member) {
        Llm llm = fleet.find(member);
        return llm == null || llm.status() != LlmStatus.ACTIVE ? null : sessions.agentOf(llm);
    }
}
