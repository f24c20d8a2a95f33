package dormouse.server.door;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An error as an HTTP client is told of it; the one place where a {@link Reason} becomes a status.
 *
 * @param code the reason in lower case, by which programs tell errors apart
 * @param param the field of the request that is to blame; null where none is
 * @param retryAfter whole seconds, at least 1; null where waiting does not help
 */
record Refusal(
        int status,
        ErrorType type,
        String code,
        String message,
        @Nullable String param,
        @Nullable Long retryAfter) {
    static Refusal of(Failure failure) {
        return of(failure, null);
    }

    static Refusal malformed(@Nullable String param, String message) {
        return of(Failure.of(Reason.MALFORMED, message), param);
    }

    private static Refusal of(Failure failure, @Nullable String param) {
        int status = status(failure.reason());
        return new Refusal(
                status, type(status), code(failure.reason()), failure.message(), param, retryAfter(status, failure));
    }

    /** There is nothing at this path, or not for this method. */
    static Refusal nothing(String message) {
        return new Refusal(404, ErrorType.NOT_FOUND, "not_found", message, null, null);
    }

    static Refusal method(String method, String path, String allowed) {
        return new Refusal(
                405,
                ErrorType.INVALID,
                "method_not_allowed",
                path + " does not know " + method + ", but " + allowed,
                null,
                null);
    }

    /** The request's body did not come in time. */
    static Refusal bodyTooSlow(String message) {
        return new Refusal(408, ErrorType.INVALID, "request_timeout", message, null, null);
    }

    /** A backend's own error, where its status can't be passed. */
    static Refusal ofBackend(int status, String said) {
        return new Refusal(
                status,
                type(status),
                code(Reason.BACKEND_ERROR),
                "the backend answered " + status + (said.isBlank() ? "" : ": " + said),
                null,
                null);
    }

    /** What HTTP itself does not allow. */
    static Refusal unreadable(int status, String message) {
        return new Refusal(status, ErrorType.INVALID, "malformed", message, null, null);
    }

    private static String code(Reason reason) {
        return reason == Reason.LLM_NOT_FOUND
                ? "model_not_found"
                : reason.name().toLowerCase(Locale.ROOT);
    }

    private static int status(Reason reason) {
        return switch (reason) {
            case MALFORMED, NAME_MALFORMED -> 400;
            case UNAUTHENTICATED -> 401;
            case FORBIDDEN, NAME_FORBIDDEN, SESSION_FORBIDDEN -> 403;
            case LLM_NOT_FOUND -> 404;
            case CLIENT_TOO_SLOW -> 408; // in an error frame; never as a status, since it comes after the first byte
            case SLEEP_REFUSED, NAME_EXISTS, NAME_IS_PUBLIC, NAME_IN_USE, SESSION_IN_USE, SESSION_FENCED -> 409;
            case REVISION_COMPACTED -> 410;
            case TOO_LARGE -> 413;
            case QUEUE_FULL, RATE_LIMITED -> 429;
            case INTERNAL, CLIENT_GONE, WINDOW_OVERRUN -> 500;
            case AGENT_LOST, BACKEND_FAILED, BACKEND_ERROR -> 502;
            case LLM_INACTIVE,
                    WAKE_FAILED,
                    WAKE_REFUSED,
                    WAKE_TOO_SLOW,
                    REPLICA_DRAINING,
                    STORE_UNAVAILABLE,
                    OVERLOADED,
                    WATCHER_TOO_SLOW,
                    NOT_AWAKE,
                    DISCONNECTED -> 503;
            case QUEUE_TIMEOUT, WAKE_TIMEOUT, FIRST_BYTE_TIMEOUT, IDLE_TIMEOUT, DEADLINE -> 504;
        };
    }

    private static ErrorType type(int status) {
        return switch (status) {
            case 401 -> ErrorType.UNAUTHENTICATED;
            case 403 -> ErrorType.FORBIDDEN;
            case 404 -> ErrorType.NOT_FOUND;
            case 413 -> ErrorType.TOO_LARGE;
            case 429 -> ErrorType.TOO_MANY;
            case 500, 502 -> ErrorType.INTERNAL;
            case 503 -> ErrorType.UNAVAILABLE;
            case 504 -> ErrorType.TOO_LATE;
            default -> status < 500 ? ErrorType.INVALID : ErrorType.INTERNAL;
        };
    }

    /** Clients wait just so long, and those of 429, 502 and 503 are to come again: a second where nobody knows better. */
    private static @Nullable Long retryAfter(int status, Failure failure) {
        Duration after = failure.retryAfter();
        if (after != null) {
            return Math.max(1, after.plusNanos(999_999_999).toSeconds());
        }
        return status == 429 || status == 502 || status == 503 ? 1L : null;
    }
}
