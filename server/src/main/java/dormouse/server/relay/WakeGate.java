package dormouse.server.relay;

import dormouse.server.control.Fleet;
import dormouse.server.control.FleetListener;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who waits for which Llm to be awake. However many wait, {@link Wakes} is asked once; what becomes of the wake is told
 * to every one of them, in order of arrival. Any thread.
 */
public final class WakeGate implements FleetListener {
    /** Waits; hears exactly one of these, unless it leaves before. Must not block. */
    public interface Waiter {
        void awake();

        void failed(Failure why);

        /** Whether it waits on while the Llm's agent is away for a moment; else it has somewhere else to go. */
        default boolean isPatient() {
            return true;
        }

        /** The credential on whose behalf; empty where the server asks for none. */
        String caller();
    }

    /** What to do with a wake that nobody waits for any more. */
    public enum WhenUnwanted {
        CONTINUE,
        CANCEL
    }

    /** When to come back for a wake of which nobody knows how long it takes. */
    private static final Duration WHO_KNOWS = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(WakeGate.class);

    private static final class Waiting {
        final Map<Waiter, Boolean> byHand = new LinkedHashMap<>();
        boolean asked;
    }

    private final Fleet fleet;
    private final Wakes wakes;
    private final int limit;
    private final WhenUnwanted whenUnwanted;
    private final Map<LlmName, Waiting> gates = new HashMap<>(); // under this

    /** @param limit the most waiters of one Llm */
    public WakeGate(Fleet fleet, Wakes wakes, int limit, WhenUnwanted whenUnwanted) {
        this.fleet = fleet;
        this.wakes = wakes;
        this.limit = limit;
        this.whenUnwanted = whenUnwanted;
        fleet.listen(this);
    }

    /** How many wait for this Llm. */
    public synchronized int waiting(LlmName llm) {
        Waiting waiting = gates.get(llm);
        return waiting == null ? 0 : waiting.byHand.size();
    }

    /**
     * Waits for the Llm to be awake, and has it woken where nobody has yet.
     *
     * @param byHand a person asks: tries again even where the last wake has just failed
     */
    public void await(LlmName llm, boolean byHand, Waiter waiter) {
        Failure cooling = byHand ? null : cooling(llm);
        if (cooling != null) {
            waiter.failed(cooling);
            return;
        }
        boolean full;
        boolean ask = false;
        synchronized (this) {
            Waiting waiting = gates.computeIfAbsent(llm, name -> new Waiting());
            full = waiting.byHand.size() >= limit;
            if (!full) {
                waiting.byHand.put(waiter, byHand);
                ask = byHand || !waiting.asked;
                waiting.asked |= !byHand;
            }
        }
        if (full) {
            Duration rest = wakes.comeBackAfter(llm);
            waiter.failed(Failure.retry(
                    Reason.QUEUE_FULL,
                    llm + " is waking, and " + limit + " wait for it already",
                    rest == null ? WHO_KNOWS : rest));
            return;
        }
        Llm now = fleet.find(llm);
        if (now != null && now.state() == LlmState.ACTIVE) {
            release(llm); // it became so before it could be told to this waiter
        } else if (ask) {
            wakes.request(
                    llm,
                    byHand,
                    waiter.caller(),
                    why -> fail(llm, why, byHand ? waiter::equals : other -> !isByHand(llm, other)));
        }
    }

    /**
     * Has the Llm woken for one who can't wait for so long and is told when to come back: who is told that again and again
     * would never get an answer otherwise. Does not, where a wake that nobody waits for is ended anyway.
     *
     * @return why it isn't tried now, since it has failed a moment ago; or null
     */
    @Nullable
    Failure wakeUnwaited(LlmName llm, String caller) {
        Failure cooling = cooling(llm);
        if (cooling == null && whenUnwanted == WhenUnwanted.CONTINUE) {
            wakes.request(llm, false, caller, why -> log.debug("not woken llm={} reason={}", llm, why.reason()));
        }
        return cooling;
    }

    private @Nullable Failure cooling(LlmName llm) {
        Llm seen = fleet.find(llm);
        return seen != null && seen.state() == LlmState.HIBERNATING ? wakes.cooling(llm) : null;
    }

    /** Waits no longer. */
    public void leave(LlmName llm, Waiter waiter) {
        boolean last;
        synchronized (this) {
            Waiting waiting = gates.get(llm);
            last = waiting != null && waiting.byHand.remove(waiter) != null && waiting.byHand.isEmpty();
            if (last) {
                gates.remove(llm);
            }
        }
        if (last && whenUnwanted == WhenUnwanted.CANCEL) {
            wakes.abandon(llm, () -> waiting(llm) == 0);
        }
    }

    @Override
    public void changed(LlmEvent event) {
        Llm llm = event.llm();
        if (event.type() == LlmEventType.DELETED) {
            fail(llm.name(), Failure.of(Reason.LLM_NOT_FOUND, llm.name() + " was deleted"), waiter -> true);
            return;
        }
        switch (llm.state()) {
            case ACTIVE -> release(llm.name());
            case LOST, SILENT -> {
                boolean goesOn = wakes.startedAt(llm.name()) != null; // its agent may be back in a moment
                fail(llm.name(), lost(llm.name(), llm.reason()), waiter -> !goesOn || !waiter.isPatient());
            }
            case LEFT, DOWN -> fail(llm.name(), Relay.inactive(llm), waiter -> true);
            case HIBERNATING -> {
                if (event.type() == LlmEventType.ADOPTED) {
                    fail(llm.name(), lost(llm.name(), llm.reason()), waiter -> true);
                }
            }
            case ABSENT, WAKING -> {}
        }
    }

    private static Failure lost(LlmName llm, String why) {
        return Failure.retry(Reason.AGENT_LOST, llm + ": " + why, Duration.ofSeconds(2));
    }

    @Override
    public void wakeFailed(LlmName llm, Failure why) {
        fail(llm, why, waiter -> true);
    }

    private synchronized boolean isByHand(LlmName llm, Waiter waiter) {
        Waiting waiting = gates.get(llm);
        return waiting != null && waiting.byHand.getOrDefault(waiter, false);
    }

    private void release(LlmName llm) {
        take(llm, waiter -> true).forEach(Waiter::awake);
    }

    private void fail(LlmName llm, Failure why, Predicate<Waiter> which) {
        take(llm, which).forEach(waiter -> waiter.failed(why));
    }

    private synchronized List<Waiter> take(LlmName llm, Predicate<Waiter> which) {
        Waiting waiting = gates.get(llm);
        if (waiting == null) {
            return List.of();
        }
        List<Waiter> taken = new ArrayList<>();
        waiting.byHand.keySet().removeIf(waiter -> which.test(waiter) && taken.add(waiter));
        waiting.asked = false;
        if (waiting.byHand.isEmpty()) {
            gates.remove(llm);
        }
        return taken;
    }
}
