package dormouse.server.api;

import dormouse.server.auth.Caller;
import dormouse.server.auth.Visit;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;

/** The call that is being answered, as whoever stands before the door has let it in. On the call's own thread alone. */
final class Visits {
    private Visits() {}

    /** @throws IllegalStateException where nobody stands there: then nobody may come in */
    static Visit current() {
        Visit visit = Api.VISIT.get();
        if (visit == null) {
            throw new IllegalStateException("a call came in past the guard");
        }
        return visit;
    }

    static Caller caller() {
        return current().caller();
    }

    /** A name that the caller may use; any other does not exist for it. */
    static LlmName usable(LlmName name, Caller caller) {
        if (!caller.mayUse(name)) {
            throw Errors.of(notFound(name));
        }
        return name;
    }

    static Failure notFound(LlmName name) {
        return Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + name);
    }
}
