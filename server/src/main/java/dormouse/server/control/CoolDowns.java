package dormouse.server.control;

import dormouse.server.fleet.CoolDown;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** After a wake has failed, or was refused: for how long the next one is not tried. Any thread. */
final class CoolDowns {
    private final Time time;
    private final Map<LlmName, CoolDown> coolDowns = new ConcurrentHashMap<>();
    private final Refusals refusals = new Refusals();

    CoolDowns(Time time) {
        this.time = time;
    }

    /** What a wake would be refused with now; or null. */
    @Nullable
    Failure of(LlmName llm) {
        Failure refused = refusals.standing(llm, time.now());
        if (refused != null) {
            return refused;
        }
        CoolDown coolDown = coolDowns.get(llm);
        if (coolDown == null) {
            return null;
        }
        Duration left = coolDown.left(time.now());
        return left.isZero()
                ? null
                : Failure.retry(
                        Reason.WAKE_FAILED,
                        llm + ": " + coolDown.failures() + " wake(s) in a row have failed; not tried again for "
                                + left.toMillis() + " ms",
                        left);
    }

    /** A wake has failed: what its waiters are told. */
    Failure failed(LlmName llm, Failure why) {
        if (why.reason() == Reason.CLIENT_GONE) { // not the machine's fault: no cool-down
            return Failure.retry(Reason.WAKE_FAILED, why.message(), Duration.ofSeconds(1));
        }
        Instant now = time.now();
        if (why.reason() == Reason.WAKE_REFUSED) {
            return refusals.remember(llm, why, now);
        }
        CoolDown coolDown =
                coolDowns.compute(llm, (name, earlier) -> earlier == null ? CoolDown.first(now) : earlier.next(now));
        return new Failure(why.reason(), why.message(), coolDown.left(now), why.details());
    }

    /** It is awake, or gone. */
    void forget(LlmName llm) {
        coolDowns.remove(llm);
        refusals.forget(llm);
    }

    /** By another publisher, or after a change of mind. */
    void forgetRefusal(LlmName llm) {
        refusals.forget(llm);
    }

    void forgetFailures(LlmName llm) {
        coolDowns.remove(llm);
    }
}
