package dormouse.server.relay;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is held of one request's body, counted against the bound of one and against that of all. An edge that gets a body
 * piece by piece asks before it keeps the next one, so that no bound is overrun by what has not arrived whole. Any thread.
 */
public final class BodyAllowance {
    private final Buffered buffered;
    private final Limits limits;
    private long held; // under this
    private boolean released; // under this

    BodyAllowance(Buffered buffered, Limits limits) {
        this.buffered = buffered;
        this.limits = limits;
    }

    /** Why a body of this many bytes could never be held; null where it could. Nothing is counted. */
    public @Nullable Failure refusal(long bytes) {
        return bytes <= limits.requestBytes()
                ? null
                : Failure.of(
                        Reason.TOO_LARGE,
                        "the request's body has " + bytes + " bytes; the limit is " + limits.requestBytes());
    }

    /** Counts up to {@code total} bytes, or says why they may not be held: then what was counted before stays counted. */
    public synchronized @Nullable Failure hold(long total) {
        Failure tooLarge = refusal(total);
        if (tooLarge != null) {
            return tooLarge;
        }
        if (total > held && !released) {
            if (!buffered.reserve(total - held)) {
                return Failure.retry(
                        Reason.OVERLOADED,
                        "the bodies of the requests on their way take all of the " + limits.bufferedBytes()
                                + " bytes that this server has for them",
                        Duration.ofSeconds(2));
            }
            held = total;
        }
        return null;
    }

    /** Gives all of it back; nothing is counted afterwards. Idempotent. */
    public synchronized void release() {
        if (!released) {
            released = true;
            buffered.release(held);
        }
    }
}
