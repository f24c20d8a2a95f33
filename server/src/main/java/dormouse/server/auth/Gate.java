package dormouse.server.auth;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Who is let in, at every door: a call's credential and right are looked at here before anything else of it is. Any thread. */
public final class Gate {
    /** What becomes of a call. */
    public sealed interface Answer {}

    /** It is let in. The door closes the visit when the call is over. */
    public record In(Visit visit) implements Answer {}

    /** It is turned away. */
    public record Out(Failure why) implements Answer {}

    private static final Failure NOTHING_SHOWN = Failure.of(
            Reason.UNAUTHENTICATED, "this server wants a token: authorization: Bearer dmt_…, which its operator makes");
    private static final Failure UNKNOWN = Failure.of(Reason.UNAUTHENTICATED, "this server knows no such token");

    private final AuthConfig config;
    private final Tokens tokens;
    private final Audit audit;
    private final Map<String, Neighbours> neighbours = new ConcurrentHashMap<>(); // where there are no tokens

    /** The calls that come from one address. */
    private record Neighbours(Tally tally, int calls) {}

    public Gate(AuthConfig config, Tokens tokens, Audit audit) {
        this.config = config;
        this.tokens = tokens;
        this.audit = audit;
    }

    /**
     * @param secret what the call shows; null: nothing
     * @param right what it takes
     * @param address of the caller, for those who look who failed
     * @param nanos of a clock that does not go back
     */
    public Answer enter(@Nullable String secret, Right right, String address, Instant now, long nanos) {
        if (!config.tokens()) {
            return new In(fromAddress(address));
        }
        if (right == Right.NOTHING) {
            return new In(Visit.ofTheHouse());
        }
        if (secret == null) {
            audit.failed("", address, "no token", now, nanos);
            return new Out(NOTHING_SHOWN);
        }
        Standing standing = tokens.find(secret);
        if (standing == null) {
            audit.failed("", address, "an unknown token", now, nanos);
            return new Out(UNKNOWN);
        }
        Failure refusal = standing.refusal(now);
        if (refusal != null) {
            audit.failed(standing.token().id(), address, refusal.message(), now, nanos);
            return new Out(refusal);
        }
        refusal = right.refusal(standing.caller());
        if (refusal == null) {
            refusal = standing.tooMany(nanos);
        }
        if (refusal != null) {
            return new Out(refusal);
        }
        standing.used(now);
        return new In(new Visit(standing.caller(), standing, standing.tally(), () -> {}));
    }

    private Visit fromAddress(String address) {
        Neighbours all = neighbours.compute(
                address,
                (same, before) -> before == null
                        ? new Neighbours(new Tally(config.tasksPerClient(), "from this address"), 1)
                        : new Neighbours(before.tally(), before.calls() + 1));
        return new Visit(
                Caller.ANYONE,
                null,
                all.tally(),
                () -> neighbours.computeIfPresent(
                        address,
                        (same, now) -> now.calls() == 1 ? null : new Neighbours(now.tally(), now.calls() - 1)));
    }
}
