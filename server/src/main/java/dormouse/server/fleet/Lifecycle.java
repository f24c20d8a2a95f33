package dormouse.server.fleet;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What each event makes of an Llm: a static, pure function per event, all of them moving by {@link Transitions}. Guards
 * that need more than the state (whose it is, how long ago) stand here.
 */
public final class Lifecycle {
    /** What history says of a wake that has gone on through a blip of the stream: it is no new one. */
    public static final String WAKES_ON = "waking on, after a new stream of its agent";

    private Lifecycle() {}

    /** A session offers a name: upsert, reactivation in place, adoption, or a refusal (rules 1-4). */
    public static Step offer(@Nullable Llm row, Offer offer, Claimant who, Terms terms, Instant now) {
        if (row == null) {
            Transitions.Go go = (Transitions.Go)
                    Transitions.of(LlmState.ABSENT, offer.awake() ? Trigger.OFFER_AWAKE : Trigger.OFFER_ASLEEP);
            String detail = "registered by " + who.agentName();
            Owner owner = new Owner(who.session(), who.agentName(), who.principal(), 1, who.replica());
            Llm created = new Llm(
                    offer.name(), LlmKind.VIRTUAL, go.to(), detail, offer.spec(), owner, now, now, now, null, null, 0);
            return new Step.Save(new Change(null, created, go.event(), detail));
        }
        Owner owner = row.owner();
        if (owner == null) {
            return refused(Reason.NAME_IS_PUBLIC, row.name() + " is declared by the operator of this server");
        }
        if (owner.session().equals(who.session())) {
            return reoffer(row, owner, offer, who, now);
        }
        return adopt(row, owner, offer, who, terms, now);
    }

    private static Step reoffer(Llm row, Owner owner, Offer offer, Claimant who, Instant now) {
        Owner renewed = new Owner(who.session(), who.agentName(), who.principal(), owner.epoch(), who.replica());
        Trigger trigger = offer.awake() ? Trigger.OFFER_AWAKE : Trigger.OFFER_ASLEEP;
        if (Transitions.of(row.state(), trigger) instanceof Transitions.Go go) {
            String detail = (go.event() == LlmEventType.WOKE ? "awake: " : "back: ") + who.agentName();
            return new Step.Save(
                    new Change(row, moved(row, go.to(), detail, offer.spec(), renewed, now, now), go.event(), detail));
        }
        if (row.spec().equals(offer.spec()) && owner.equals(renewed)) {
            return new Step.Keep("nothing new");
        }
        String detail = "offered with other words by " + who.agentName();
        return new Step.Save(new Change(
                row,
                moved(row, row.state(), row.reason(), offer.spec(), renewed, now, now),
                LlmEventType.UPDATED,
                detail));
    }

    private static Step adopt(Llm row, Owner owner, Offer offer, Claimant who, Terms terms, Instant now) {
        Transitions.Cell cell = Transitions.of(row.state(), offer.awake() ? Trigger.ADOPT_AWAKE : Trigger.ADOPT_ASLEEP);
        if (!(cell instanceof Transitions.Go go)) {
            return refused(
                    Reason.NAME_IN_USE,
                    row.name() + " belongs to agent " + owner.agentName() + " and is " + row.status());
        }
        Instant free = freeFrom(row, terms);
        boolean anyone = who.principal().isEmpty(); // this server asks for no credential
        if (!anyone && !owner.principal().equals(who.principal()) && now.isBefore(free)) {
            Duration left = Duration.between(now, free);
            return new Step.Refused(Failure.retry(
                    Reason.NAME_IN_USE,
                    row.name() + " belongs to agent " + owner.agentName() + ", who may be back within "
                            + (left.toSeconds() + 1) + " s",
                    left));
        }
        String detail = "adopted by " + who.agentName() + " from " + owner.agentName();
        Owner adopter = new Owner(who.session(), who.agentName(), who.principal(), owner.epoch() + 1, who.replica());
        return new Step.Save(
                new Change(row, moved(row, go.to(), detail, offer.spec(), adopter, now, now), go.event(), detail));
    }

    /** From when another credential may take the name of a publisher that is away (rule 3). */
    private static Instant freeFrom(Llm row, Terms terms) {
        Instant since = row.inactiveSince();
        if (since == null || row.state() == LlmState.LEFT) {
            return Instant.MIN;
        }
        return since.plus(terms.heartbeatTimeout());
    }

    /** A heartbeat of its session, with what it says of the Llm; null where it says nothing of it (rules 5 and 13). */
    public static Step report(Llm row, @Nullable LlmStatus said, String reason, Instant now) {
        LlmStatus status = said;
        if (status == null) {
            LlmState before = row.before();
            if (row.state() != LlmState.SILENT || before == null) {
                return new Step.Keep("nothing said");
            }
            status = before.status();
        }
        Trigger trigger = switch (status) {
            case ACTIVE -> Trigger.REPORT_ACTIVE;
            case HIBERNATING, WAKING -> Trigger.REPORT_HIBERNATING;
            case INACTIVE -> Trigger.REPORT_INACTIVE;
        };
        if (row.kind() == LlmKind.PUBLIC && trigger == Trigger.REPORT_HIBERNATING) {
            return new Step.Keep("a PUBLIC Llm has no recipes");
        }
        return move(row, trigger, reason.isEmpty() ? trigger.words() : reason, now, now);
    }

    /** A heartbeat of its session says that the agent has put it to sleep, or does so now (rule 12). */
    public static Step reportRested(Llm row, String reason, Instant now) {
        return row.state() == LlmState.ACTIVE
                ? slept(row.name(), row, now)
                : report(row, LlmStatus.HIBERNATING, reason, now);
    }

    /** The operator declares a PUBLIC Llm; a VIRTUAL one of the name is taken over where its publisher is away (rule 15). */
    public static Step declare(@Nullable Llm row, LlmName name, LlmSpec spec, String detail, Instant now) {
        if (row != null && row.kind() == LlmKind.PUBLIC) {
            return refused(Reason.NAME_EXISTS, name + " is declared already");
        }
        Transitions.Cell cell = Transitions.of(row == null ? LlmState.ABSENT : row.state(), Trigger.DECLARE);
        if (!(cell instanceof Transitions.Go go)) {
            Owner owner = row == null ? null : row.owner();
            String holder = owner == null ? "somebody" : "agent " + owner.agentName();
            return refused(Reason.NAME_EXISTS, name + " is published by " + holder);
        }
        Instant since = row == null ? now : row.createTime();
        long revision = row == null ? 0 : row.revision();
        Llm declared =
                new Llm(name, LlmKind.PUBLIC, go.to(), detail, spec, null, since, now, null, null, null, revision);
        return new Step.Save(new Change(row, declared, go.event(), detail));
    }

    /** The operator says something else of a PUBLIC Llm. */
    public static Step redeclare(Llm row, LlmSpec spec, String detail, Instant now) {
        return Transitions.of(row.state(), Trigger.REDECLARE) instanceof Transitions.Go go
                ? new Step.Save(
                        new Change(row, moved(row, go.to(), detail, spec, row.owner(), null, now), go.event(), detail))
                : move(row, Trigger.REDECLARE, detail, null, now);
    }

    /** The operator removes a PUBLIC Llm. */
    public static Step remove(LlmName name, @Nullable Llm row, String detail, Instant now) {
        if (row != null && row.kind() == LlmKind.VIRTUAL) {
            return refused(
                    Reason.FORBIDDEN, name + " is VIRTUAL: it goes when its publisher withdraws it, or stays away");
        }
        return row == null ? absent(name, Trigger.REMOVE) : move(row, Trigger.REMOVE, detail, null, now);
    }

    /** Somebody wants that name awake (rule 9). The cool-down is the caller's: see {@link CoolDown}. */
    public static Step wake(LlmName name, @Nullable Llm row, Instant now) {
        return row == null ? absent(name, Trigger.WAKE) : move(row, Trigger.WAKE, "waking", row.lastHeartbeat(), now);
    }

    /** Its agent is back while its wake is under way: the row says so again. */
    public static Step wakesOn(Llm row, Instant now) {
        return move(row, Trigger.WAKE, WAKES_ON, row.lastHeartbeat(), now);
    }

    /** The agent says that the wake has succeeded; this counts as a heartbeat. */
    public static Step woke(LlmName name, @Nullable Llm row, Duration took, Instant now) {
        return row == null
                ? absent(name, Trigger.WAKE_OK)
                : move(row, Trigger.WAKE_OK, "awake after " + took.toMillis() + " ms", now, now);
    }

    /** The wake has failed, timed out, or nobody wants it any more. */
    public static Step wakeFailed(LlmName name, @Nullable Llm row, String why, Instant now) {
        return row == null
                ? absent(name, Trigger.WAKE_FAIL)
                : move(row, Trigger.WAKE_FAIL, why, row.lastHeartbeat(), now);
    }

    /** The agent has put the backend to sleep (rule 12). */
    public static Step slept(LlmName name, @Nullable Llm row, Instant now) {
        return row == null ? absent(name, Trigger.SLEEP_OK) : move(row, Trigger.SLEEP_OK, "put to sleep", now, now);
    }

    /** Its agent's stream has ended without a word (rule 6). */
    public static Step disconnected(Llm row, String why, Instant now) {
        return move(row, Trigger.DISCONNECT, why, row.lastHeartbeat(), now);
    }

    /** Its agent said goodbye, or registered without it: a sign of life, if the last one. */
    public static Step left(Llm row, String why, Instant now) {
        return move(row, Trigger.LEAVE, why, now, now);
    }

    /** The server that it was attached to starts anew. */
    public static Step restarted(Llm row, Instant now) {
        return move(row, Trigger.RESTART, "the server was restarted", row.lastHeartbeat(), now);
    }

    /** What the sweep makes of it (rule 7); {@code heard} is the last sign of life of its session, where one is known. */
    public static Step sweep(Llm row, @Nullable Instant heard, Terms terms, Instant now) {
        if (row.kind() == LlmKind.PUBLIC) {
            return new Step.Keep("PUBLIC");
        }
        Instant since = row.inactiveSince();
        if (row.state().publisherAway() && since != null) {
            boolean expired = since.plus(terms.inactiveRetention()).isBefore(now);
            return expired
                    ? move(row, Trigger.EXPIRE, "its publisher has been away since " + since, row.lastHeartbeat(), now)
                    : new Step.Keep("away, not for long enough");
        }
        Instant last = latest(latest(row.lastHeartbeat(), heard), row.createTime());
        if (last.plus(terms.heartbeatTimeout()).isBefore(now)) {
            return move(row, Trigger.SILENCE, "nothing heard of its agent since " + last, last, now);
        }
        return new Step.Keep("heard lately");
    }

    private static Instant latest(@Nullable Instant a, @Nullable Instant b) {
        if (a == null || b == null) {
            return a != null ? a : b != null ? b : Instant.MIN;
        }
        return a.isAfter(b) ? a : b;
    }

    private static Step absent(LlmName name, Trigger trigger) {
        Transitions.Cell cell = Transitions.of(LlmState.ABSENT, trigger);
        return cell instanceof Transitions.Stay stay
                ? new Step.Keep(stay.why())
                : refused(((Transitions.Refuse) cell).reason(), "there is no Llm " + name);
    }

    private static Step move(Llm row, Trigger trigger, String detail, @Nullable Instant heartbeat, Instant now) {
        Transitions.Cell cell = Transitions.of(row.state(), trigger);
        if (cell instanceof Transitions.Stay stay) {
            return new Step.Keep(stay.why());
        }
        if (cell instanceof Transitions.Refuse refuse) {
            return refused(refuse.reason(), row.name() + " is " + row.status() + ": " + row.reason());
        }
        Transitions.Go go = (Transitions.Go) cell;
        Llm after = go.to() == LlmState.ABSENT
                ? null
                : moved(row, go.to(), detail, row.spec(), row.owner(), heartbeat, now);
        return new Step.Save(new Change(row, after, go.event(), detail));
    }

    private static Llm moved(
            Llm row,
            LlmState to,
            String reason,
            LlmSpec spec,
            @Nullable Owner owner,
            @Nullable Instant heartbeat,
            Instant now) {
        boolean inactive = to.status() == LlmStatus.INACTIVE;
        boolean awayAlready = row.state().publisherAway() && to.publisherAway();
        Instant since = !inactive ? null : awayAlready || to == row.state() ? row.inactiveSince() : now;
        LlmState before = to == LlmState.SILENT && row.state().status() != LlmStatus.INACTIVE
                ? row.state().stored()
                : null;
        return new Llm(
                row.name(),
                row.kind(),
                to,
                reason,
                spec,
                owner,
                row.createTime(),
                now,
                row.kind() == LlmKind.PUBLIC ? null : heartbeat,
                since,
                before,
                row.revision());
    }

    private static Step refused(Reason reason, String message) {
        return new Step.Refused(Failure.of(reason, message));
    }
}
