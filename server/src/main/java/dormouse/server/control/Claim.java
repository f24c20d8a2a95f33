package dormouse.server.control;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Claimant;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Offer;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.Terms;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** One registration's decisions, name by name: one refused name does not hold up the others. Used once, on the lane. */
final class Claim {
    private final Fleet fleet;
    private final Claimant who;
    private final Terms terms;
    private final Instant now;
    private final List<Change> changes = new ArrayList<>();

    Claim(Fleet fleet, Claimant who, Terms terms, Instant now) {
        this.fleet = fleet;
        this.who = who;
        this.terms = terms;
        this.now = now;
    }

    /** A grant per name, in the order of the registration. */
    List<Registered.Grant> decide(Registration registration) {
        List<Registered.Grant> grants = new ArrayList<>();
        Set<LlmName> offered = new HashSet<>();
        Names names = new Names(fleet, who.session());
        for (Offer offer : registration.offers()) {
            grants.add(
                    offered.add(offer.name())
                            ? decide(offer, names)
                            : refused(offer.name().value(), Reason.NAME_MALFORMED, "it is offered twice"));
        }
        for (Registration.Refused bad : registration.refused()) {
            grants.add(bad.place(), new Registered.Grant(bad.name(), Registered.Outcome.REFUSED, 0, bad.why()));
            if (LlmName.isValid(bad.name())) {
                offered.add(new LlmName(bad.name())); // refused is not withdrawn: its row stays as it is
            }
        }
        for (Llm row : fleet.ownedBy(who.session())) {
            if (!offered.contains(row.name())
                    && Lifecycle.left(row, "withdrawn by " + who.agentName(), now) instanceof Step.Save save) {
                changes.add(save.change());
            }
        }
        return grants;
    }

    private Registered.Grant decide(Offer offer, Names names) {
        String name = offer.name().value();
        String pool = offer.spec().pool();
        if (names.isPool(name)) {
            return refused(name, Reason.NAME_IN_USE, "a pool has this name");
        }
        if (!pool.isEmpty() && (names.isLlm(pool) || pool.equals(name))) {
            return refused(name, Reason.NAME_IN_USE, "its pool \"" + pool + "\" has the name of an Llm");
        }
        Llm row = fleet.find(offer.name());
        Step step = Lifecycle.offer(row, offer, who, terms, now);
        if (step instanceof Step.Refused refused) {
            return new Registered.Grant(name, Registered.Outcome.REFUSED, 0, refused.failure());
        }
        names.take(name, pool);
        if (step instanceof Step.Save save) {
            changes.add(save.change());
            return new Registered.Grant(
                    name, outcome(save.change()), epoch(save.change().subject()), null);
        }
        return new Registered.Grant(name, Registered.Outcome.REACTIVATED, row == null ? 0 : epoch(row), null);
    }

    private static Registered.Outcome outcome(Change change) {
        return change.before() == null
                ? Registered.Outcome.CREATED
                : change.type() == LlmEventType.ADOPTED ? Registered.Outcome.ADOPTED : Registered.Outcome.REACTIVATED;
    }

    private static long epoch(Llm row) {
        return row.owner() == null ? 0 : row.owner().epoch();
    }

    private static Registered.Grant refused(String name, Reason reason, String why) {
        return new Registered.Grant(name, Registered.Outcome.REFUSED, 0, Failure.of(reason, name + ": " + why));
    }

    List<Change> changes() {
        return changes.stream().map(change -> change.by(who.principal())).toList();
    }
}
