package dormouse.server.auth;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Role;
import org.jspecify.annotations.Nullable;

/** What a call takes: each call of a door has one. */
public enum Right {
    /** Not even a token. */
    NOTHING,
    /** A token, whatever its role. */
    A_TOKEN,
    /** To use Llms. */
    USE,
    /** To publish Llms. */
    PUBLISH,
    /** To run the server. */
    ADMINISTER;

    /** Whether the role has it. */
    public boolean isOf(Role role) {
        return switch (this) {
            case NOTHING, A_TOKEN -> true;
            case USE -> role != Role.AGENT;
            case PUBLISH -> role != Role.CLIENT;
            case ADMINISTER -> role == Role.ADMIN;
        };
    }

    /** Why the caller may not, or null where it may. */
    @Nullable
    Failure refusal(Caller caller) {
        return isOf(caller.role())
                ? null
                : Failure.of(
                        Reason.FORBIDDEN,
                        "this token's role is " + caller.role() + ", which may not "
                                + switch (this) {
                                    case NOTHING, A_TOKEN -> "call";
                                    case USE -> "use Llms";
                                    case PUBLISH -> "publish Llms";
                                    case ADMINISTER -> "do this: it takes an ADMIN";
                                });
    }
}
