package dormouse.agent;

import dormouse.contract.Problems;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** What the end of a stream means for the next try. */
enum Refusal {
    /** It may work the next time. */
    PASSING,
    /** This session cannot be resumed; a new one can. */
    SESSION,
    /** It won't get better by itself: a wrong credential, a wrong message, not a Dormouse server. */
    PERMANENT;

    static Refusal of(Status status, com.google.rpc.@Nullable Status problem) {
        String reason = problem == null ? "" : Problems.reason(problem);
        if (reason.equals("SESSION_FORBIDDEN") || reason.equals("SESSION_IN_USE")) {
            return SESSION;
        }
        return switch (status.getCode()) {
            case UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT, UNIMPLEMENTED -> PERMANENT;
            default -> PASSING;
        };
    }
}
