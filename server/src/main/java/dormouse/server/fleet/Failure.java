package dormouse.server.fleet;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why something was refused or failed, as a value.
 *
 * @param message one line for a person: what, where, and the rule; never a prompt, an answer or a secret
 * @param retryAfter how long to wait before the next try; null where waiting does not help or nobody knows
 * @param details named facts for programs, for instance {@code http_status}
 */
public record Failure(
        Reason reason, String message, @Nullable Duration retryAfter, Map<String, String> details) {
    public Failure {
        details = Map.copyOf(details);
    }

    public static Failure of(Reason reason, String message) {
        return new Failure(reason, message, null, Map.of());
    }

    public static Failure retry(Reason reason, String message, Duration after) {
        return new Failure(reason, message, after, Map.of());
    }
}
