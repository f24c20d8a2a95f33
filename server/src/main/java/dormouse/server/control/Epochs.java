package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Gives each new stream its session and, by compare-and-set in the store, its epoch. On the lane. */
final class Epochs {
    /** What a stream gets. */
    sealed interface Opened {}

    /**
     * A session, new or resumed.
     *
     * @param newToken of a new session only
     * @param sameProcess whether the process is the one that had the session's last stream
     */
    record Granted(SessionId session, long epoch, @Nullable String newToken, boolean sameProcess) implements Opened {}

    /** It gets none. */
    record Refused(Failure why) implements Opened {}

    private final Fleet fleet;
    private final SessionStore store;
    private final Credentials credentials;

    Epochs(Fleet fleet, SessionStore store, Credentials credentials) {
        this.fleet = fleet;
        this.store = store;
        this.credentials = credentials;
    }

    /** Opens a session, or resumes the one that the registration names and has the token of. */
    Opened open(Registration registration, Instant now) {
        SessionId known = registration.session();
        return known == null ? create(registration, now) : resume(known, registration, now);
    }

    private Opened create(Registration registration, Instant now) {
        SessionId id = credentials.newSession();
        String token = credentials.newToken();
        SessionStore.Session session = new SessionStore.Session(
                id,
                Credentials.hash(token),
                1,
                registration.agentName(),
                registration.agentVersion(),
                registration.principal(),
                registration.instanceId(),
                now,
                now);
        fleet.ask(() -> {
            store.create(session);
            return session;
        });
        return new Granted(id, 1, token, false);
    }

    private Opened resume(SessionId id, Registration registration, Instant now) {
        SessionStore.Session session = fleet.ask(() -> store.find(id)).orElse(null);
        if (session == null || !proves(registration, session)) {
            return new Refused(forbidden(id));
        }
        boolean first = fleet.ask(() -> store.advance(
                id,
                session.epoch(),
                registration.agentName(),
                registration.agentVersion(),
                registration.instanceId(),
                now));
        boolean same = !registration.instanceId().isEmpty()
                && registration.instanceId().equals(session.instanceId());
        return first ? new Granted(id, session.epoch() + 1, null, same) : new Refused(fenced());
    }

    /** Why this registration can't resume that session, before anything is done for it; null where it can. */
    @Nullable
    Failure refusal(SessionId id, Registration registration) {
        SessionStore.Session session = fleet.ask(() -> store.find(id)).orElse(null);
        return session == null || !proves(registration, session) ? forbidden(id) : null;
    }

    private static boolean proves(Registration registration, SessionStore.Session session) {
        return Credentials.matches(session.tokenHash(), registration.resumeToken()) && mayResume(session, registration);
    }

    private static Failure forbidden(SessionId id) {
        return Failure.of(
                Reason.SESSION_FORBIDDEN,
                "session " + id + " is unknown here, or belongs to another agent or credential: discard it and"
                        + " register without one");
    }

    /** Where no credential is asked for, the resume token alone proves whose it is. */
    private static boolean mayResume(SessionStore.Session session, Registration registration) {
        return registration.principal().isEmpty() || session.principal().equals(registration.principal());
    }

    /** What the slower of two streams is told. */
    static Failure fenced() {
        return Failure.of(Reason.SESSION_FENCED, "a newer stream of this session took over");
    }
}
