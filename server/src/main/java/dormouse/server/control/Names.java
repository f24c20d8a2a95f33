package dormouse.server.control;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.SessionId;
import java.util.HashSet;
import java.util.Set;

/** The one space of names that Llms and pools share, as a registration finds it and fills it. Used once, on the lane. */
final class Names {
    private final Fleet fleet;
    private final SessionId registering;
    private final Set<String> llms = new HashSet<>();
    private final Set<String> pools = new HashSet<>();

    /** @param registering its own rows are about to be replaced, so the pools that they name do not count */
    Names(Fleet fleet, SessionId registering) {
        this.fleet = fleet;
        this.registering = registering;
    }

    boolean isLlm(String name) {
        return llms.contains(name) || (LlmName.isValid(name) && fleet.find(new LlmName(name)) != null);
    }

    boolean isPool(String name) {
        return pools.contains(name) || fleet.isPoolOfOthers(name, registering);
    }

    /** From now on the registration has these. */
    void take(String llm, String pool) {
        llms.add(llm);
        if (!pool.isEmpty()) {
            pools.add(pool);
        }
    }
}
