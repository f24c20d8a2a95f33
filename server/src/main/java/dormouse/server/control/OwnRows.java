package dormouse.server.control;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Claimant;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.Terms;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What agents say, made into changes of the rows that their sessions own. Changes on the lane; asked by any thread. */
final class OwnRows {
    private static final int ATTEMPTS = 3;

    private final Fleet fleet;
    private final Time time;
    private final Terms terms;
    private final String replica;

    OwnRows(Fleet fleet, Time time, Terms terms, String replica) {
        this.fleet = fleet;
        this.time = time;
        this.terms = terms;
        this.replica = replica;
    }

    /** Decides about every name, saves all of it in one transaction; decides again where the database knew better. */
    List<Registered.Grant> claim(AttachedAgent agent, Registration registration) {
        Claimant who = new Claimant(agent.session(), registration.agentName(), registration.principal(), replica);
        for (int attempt = 1; ; attempt++) {
            Instant now = time.now();
            Claim claim = new Claim(fleet, who, terms, now);
            List<Registered.Grant> grants = claim.decide(registration);
            try {
                fleet.apply(claim.changes(), now);
            } catch (StaleException e) {
                if (attempt == ATTEMPTS) {
                    throw new StoreException("the rows of session " + agent.session() + " keep changing", e);
                }
                fleet.catchUpIfBehind();
                continue;
            }
            agent.publish(fleet.ownedBy(agent.session()).stream().map(Llm::name).collect(Collectors.toSet()));
            return grants;
        }
    }

    /** Whether these reports would change anything. */
    boolean isNews(AttachedAgent agent, Map<LlmName, AttachedAgent.Report> reports, Instant now) {
        return agent.llms().stream()
                .map(fleet::find)
                .anyMatch(row ->
                        row != null && row.ownedBy(agent.session()) && report(row, reports, now) instanceof Step.Save);
    }

    void report(AttachedAgent agent, Map<LlmName, AttachedAgent.Report> reports, Instant now) {
        change(agent, row -> report(row, reports, now));
    }

    private static Step report(Llm row, Map<LlmName, AttachedAgent.Report> reports, Instant now) {
        AttachedAgent.Report report = reports.get(row.name());
        return report == null
                ? Lifecycle.report(row, null, "", now)
                : report.rested()
                        ? Lifecycle.reportRested(row, report.reason(), now)
                        : Lifecycle.report(row, report.status(), report.reason(), now);
    }

    /** Decides about each of its rows, and saves all of it at once. */
    void change(AttachedAgent agent, Function<Llm, Step> decision) {
        fleet.catchUpIfBehind();
        List<Change> changes = new ArrayList<>();
        for (Llm row : fleet.ownedBy(agent.session())) {
            if (decision.apply(row.heardAt(agent.heard())) instanceof Step.Save save) {
                changes.add(save.change());
            }
        }
        try {
            fleet.apply(changes, time.now());
        } catch (StaleException e) {
            throw new StoreException("rows of session " + agent.session() + " have changed", e);
        }
    }
}
