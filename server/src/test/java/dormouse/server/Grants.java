package dormouse.server;

import dormouse.contract.Problems;
import dormouse.v1.LlmGrant;
import dormouse.v1.LlmGrant.Outcome;
import dormouse.v1.Registered;
import java.util.List;

/** What became of each name, short enough to compare. */
final class Grants {
    private Grants() {}

    /** For each name its outcome, or the reason of its refusal, as {@code name CREATED}. */
    static List<String> of(Registered registered) {
        return registered.getGrantsList().stream().map(Grants::text).toList();
    }

    private static String text(LlmGrant grant) {
        return grant.getName() + " "
                + (grant.getOutcome() == Outcome.OUTCOME_REFUSED
                        ? Problems.reason(grant.getRefusal())
                        : grant.getOutcome().name().replace("OUTCOME_", ""));
    }
}
