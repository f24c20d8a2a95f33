package dormouse.server.auth;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Token;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One credential in memory: what is open with it, what it has taken, and whether it still opens anything. Any thread. */
final class Standing {
    private final Token token;
    private final Caller caller;
    private final Tally tally;
    private final @Nullable Bucket rate;
    private final Set<Visit> visits = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Failure ended;
    private volatile @Nullable Instant lastUse;

    Standing(Token token, AuthConfig config, long nanos) {
        this.token = token;
        this.caller = new Caller(token.id(), token.role(), new Patterns(token.patterns()));
        this.tally = new Tally(config.tasksPerClient(), "of this token");
        this.rate = config.requestsPerSecond() == 0
                ? null
                : new Bucket(
                        config.requestsPerSecond(), Duration.ofSeconds(1).dividedBy(config.requestsPerSecond()), nanos);
        this.lastUse = token.lastUse();
    }

    Token token() {
        return token;
    }

    Caller caller() {
        return caller;
    }

    Tally tally() {
        return tally;
    }

    void used(Instant now) {
        lastUse = now;
    }

    @Nullable
    Instant lastUse() {
        return lastUse;
    }

    /** Why it opens nothing any more; null where it does. */
    @Nullable
    Failure refusal(Instant now) {
        Failure why = ended;
        return why != null ? why : token.expired(now) ? EXPIRED : null;
    }

    /** One call more; or why not now. */
    @Nullable
    Failure tooMany(long nanos) {
        Duration wait = rate == null ? Duration.ZERO : rate.take(nanos);
        return wait.isZero()
                ? null
                : Failure.retry(Reason.RATE_LIMITED, "too many calls with this token: limits.requestsPerSecond", wait);
    }

    void enter(Visit visit) {
        visits.add(visit);
        Failure why = ended;
        if (why != null) {
            visit.end(why);
        }
    }

    void leave(Visit visit) {
        visits.remove(visit);
    }

    /** Ends everything that was opened with it. */
    void end(Failure why) {
        ended = why;
        visits.forEach(visit -> visit.end(why));
    }

    /** What is open with it. */
    int visits() {
        return visits.size();
    }

    static final Failure REVOKED = Failure.of(Reason.UNAUTHENTICATED, "the token was revoked");
    static final Failure EXPIRED = Failure.of(Reason.UNAUTHENTICATED, "the token has expired");
}
