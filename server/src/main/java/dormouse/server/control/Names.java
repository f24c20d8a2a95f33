package dormouse.server.control;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.SessionId;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** The one space of names that Llms and pools share, as a registration finds it and fills it. */
final class Names {
    private final Set<String> llms = new HashSet<>();
    private final Set<String> pools = new HashSet<>();

    /** @param registering its own rows are about to be replaced, so the pools that they name do not count */
    Names(Collection<Llm> rows, SessionId registering) {
        for (Llm row : rows) {
            llms.add(row.name().value());
            if (!row.spec().pool().isEmpty() && !row.ownedBy(registering)) {
                pools.add(row.spec().pool());
            }
        }
    }

    boolean isLlm(String name) {
        return llms.contains(name);
    }

    boolean isPool(String name) {
        return pools.contains(name);
    }

    void take(String llm, String pool) {
        llms.add(llm);
        if (!pool.isEmpty()) {
            pools.add(pool);
        }
    }
}
