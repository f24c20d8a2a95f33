package dormouse.agent;

import dormouse.contract.Problems;
import dormouse.v1.LlmGrant;
import dormouse.v1.Registered;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which names the server has granted, and which it has refused and why. Says each refusal once. On the loop alone. */
final class Grants {
    private static final Logger log = LoggerFactory.getLogger(Grants.class);

    private static final String REMEDY =
            " remedy=\"list it in the agent's file under another name, with a pool to share\"";

    private final Set<String> granted = new LinkedHashSet<>();
    private final Map<String, String> refused = new HashMap<>();

    /** Takes the answer to a registration, which speaks of each name of it. */
    void take(Registered answer) {
        granted.clear();
        Map<String, String> refusedBefore = Map.copyOf(refused);
        refused.clear();
        for (LlmGrant grant : answer.getGrantsList()) {
            String name = grant.getName();
            if (grant.getOutcome() != LlmGrant.Outcome.OUTCOME_REFUSED) {
                granted.add(name);
                continue;
            }
            String why = Problems.reason(grant.getRefusal());
            refused.put(name, why);
            if (!why.equals(refusedBefore.get(name))) {
                log.warn(
                        "name refused, and offered again from time to time llm={} reason={} message=\"{}\"{}",
                        name,
                        why,
                        Failures.oneLine(grant.getRefusal().getMessage()),
                        why.equals("NAME_IN_USE") ? REMEDY : "");
            }
        }
    }

    Set<String> granted() {
        return Set.copyOf(granted);
    }

    Set<String> refused() {
        return Set.copyOf(refused.keySet());
    }
}
