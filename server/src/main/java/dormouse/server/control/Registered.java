package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.SessionId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The answer to a {@link Registration}. */
public sealed interface Registered {
    /**
     * The session is attached; what it says is on disk.
     *
     * @param newToken of a new session only
     * @param sameProcess whether the process is the one that had the session's last stream
     */
    record Accepted(
            SessionId session,
            @Nullable String newToken,
            long epoch,
            boolean resumed,
            boolean sameProcess,
            List<Grant> grants)
            implements Registered {}

    /** The stream is not wanted. */
    record Rejected(Failure why) implements Registered {}

    /** What became of a name. */
    enum Outcome {
        CREATED,
        REACTIVATED,
        ADOPTED,
        REFUSED
    }

    /** @param refusal null unless refused */
    record Grant(
            String name,
            Outcome outcome,
            long ownerEpoch,
            @Nullable Failure refusal) {}
}
