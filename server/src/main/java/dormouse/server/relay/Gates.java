package dormouse.server.relay;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.Fleet;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmName;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The gate of each Llm that has been asked for. Any thread. */
final class Gates {
    private final Fleet fleet;
    private final AgentSessions sessions;
    private final Pools pools;
    private final int queuePerLlm;
    private final Map<LlmName, LlmGate> gates = new ConcurrentHashMap<>();

    Gates(Fleet fleet, AgentSessions sessions, Pools pools, int queuePerLlm) {
        this.fleet = fleet;
        this.sessions = sessions;
        this.pools = pools;
        this.queuePerLlm = queuePerLlm;
    }

    /** That of this Llm, made where there is none. */
    LlmGate of(LlmName name) {
        return gates.computeIfAbsent(
                name, llm -> new LlmGate(llm, queuePerLlm, () -> concurrency(llm), before -> pools.next(llm, before)));
    }

    private int concurrency(LlmName name) {
        Llm llm = fleet.find(name);
        if (llm == null) {
            return 1;
        }
        return sessions.mayReturn(llm) ? 0 : llm.spec().concurrency(); // who queues waits for its agent, for a moment
    }

    /** That of this Llm, or null where nobody has asked for it yet. */
    @Nullable
    LlmGate find(LlmName name) {
        return gates.get(name);
    }

    /** The Llm is gone: so is its gate, unless something still runs through it. */
    void deleted(LlmName name) {
        gates.computeIfPresent(name, (llm, gate) -> gate.idle() ? null : gate);
    }

    int running(LlmName llm) {
        LlmGate gate = gates.get(llm);
        return gate == null ? 0 : gate.running();
    }

    int queued(LlmName llm) {
        LlmGate gate = gates.get(llm);
        return gate == null ? 0 : gate.queued();
    }
}
