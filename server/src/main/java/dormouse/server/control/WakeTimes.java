package dormouse.server.control;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.WakeTime;
import dormouse.server.fleet.WakeTimeStore;
import dormouse.server.fleet.WakeTimeStore.Learnt;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How long wakes take, learnt for each Llm in memory and written down in batches: a wake never waits for it, and a server
 * that is killed forgets what it has learnt since the last batch. An Llm that is deleted, or adopted by another session,
 * begins anew. Any thread may ask; all else happens on the lane.
 */
public final class WakeTimes implements FleetListener {
    private final Fleet fleet;
    private final WakeTimeStore store;
    private final Map<LlmName, Learnt> learnt = new ConcurrentHashMap<>();
    private final Set<LlmName> unwritten = new HashSet<>(); // on the lane

    public WakeTimes(Fleet fleet, WakeTimeStore store) {
        this.fleet = fleet;
        this.store = store;
        fleet.listen(this);
    }

    /** Loads what is known of the Llms that there are. Blocks; call once, after {@link Fleet#open}. */
    public void open() {
        store.load().forEach((name, known) -> {
            Llm llm = fleet.find(name);
            if (llm != null && llm.ownedBy(known.session())) {
                learnt.put(name, known);
            } else {
                unwritten.add(name); // the server was killed before it had written that this is over
            }
        });
    }

    /** How long the next wake of this Llm should take; null where nobody knows. */
    public @Nullable Duration expected(LlmName llm) {
        Learnt known = learnt.get(llm);
        return known == null ? null : known.time().expected();
    }

    /** A wake has succeeded. On the lane. */
    void woke(LlmName llm, SessionId by, Duration took) {
        Learnt known = learnt.get(llm);
        WakeTime before = known == null ? WakeTime.UNKNOWN : known.time();
        WakeTime after = before.and(took);
        if (!after.equals(before)) {
            learnt.put(llm, new Learnt(by, after));
            unwritten.add(llm);
        }
    }

    @Override
    public void changed(LlmEvent event) {
        switch (event.type()) {
            case DELETED, ADOPTED -> {
                if (learnt.remove(event.llm().name()) != null) {
                    unwritten.add(event.llm().name());
                }
            }
            case REGISTERED,
                    REACTIVATED,
                    WAKE_STARTED,
                    WOKE,
                    WAKE_FAILED,
                    SLEPT,
                    DEACTIVATED,
                    UPDATED,
                    BACKEND_DOWN,
                    BACKEND_UP -> {}
        }
    }

    /**
     * Writes down what is new. On the lane.
     *
     * @throws dormouse.server.fleet.StoreException where it could not be saved: the next batch has it too
     */
    public void flush() {
        if (unwritten.isEmpty()) {
            return;
        }
        Map<LlmName, Learnt> known = new HashMap<>();
        Set<LlmName> gone = new HashSet<>();
        for (LlmName llm : unwritten) {
            Learnt of = learnt.get(llm);
            if (of == null) {
                gone.add(llm);
            } else {
                known.put(llm, of);
            }
        }
        fleet.ask(() -> {
            store.save(known, gone);
            return known;
        });
        unwritten.clear();
    }
}
