package dormouse.server.fleet;

/**
 * Why something was refused or failed: the words of the public interface. Retryability and the canonical code are
 * decided here and nowhere else; an edge only translates.
 */
public enum Reason {
    MALFORMED(Code.INVALID_ARGUMENT, false),
    UNAUTHENTICATED(Code.UNAUTHENTICATED, false),
    FORBIDDEN(Code.PERMISSION_DENIED, false),
    LLM_NOT_FOUND(Code.NOT_FOUND, false),
    TOO_LARGE(Code.RESOURCE_EXHAUSTED, false),
    QUEUE_FULL(Code.RESOURCE_EXHAUSTED, true),
    RATE_LIMITED(Code.RESOURCE_EXHAUSTED, true),
    LLM_INACTIVE(Code.UNAVAILABLE, true),
    WAKE_FAILED(Code.UNAVAILABLE, true),
    WAKE_REFUSED(Code.UNAVAILABLE, true),
    WAKE_TOO_SLOW(Code.UNAVAILABLE, true),
    REPLICA_DRAINING(Code.UNAVAILABLE, true),
    STORE_UNAVAILABLE(Code.UNAVAILABLE, true),
    OVERLOADED(Code.UNAVAILABLE, true),
    SLEEP_REFUSED(Code.FAILED_PRECONDITION, false),
    NAME_EXISTS(Code.ALREADY_EXISTS, false),
    REVISION_COMPACTED(Code.OUT_OF_RANGE, false),
    WATCHER_TOO_SLOW(Code.ABORTED, false),
    CLIENT_TOO_SLOW(Code.RESOURCE_EXHAUSTED, false),
    INTERNAL(Code.INTERNAL, false),
    AGENT_LOST(Code.UNAVAILABLE, true),
    BACKEND_FAILED(Code.UNAVAILABLE, true),
    BACKEND_ERROR(Code.UNKNOWN, false),
    QUEUE_TIMEOUT(Code.DEADLINE_EXCEEDED, true),
    WAKE_TIMEOUT(Code.DEADLINE_EXCEEDED, true),
    FIRST_BYTE_TIMEOUT(Code.DEADLINE_EXCEEDED, false),
    IDLE_TIMEOUT(Code.DEADLINE_EXCEEDED, false),
    DEADLINE(Code.DEADLINE_EXCEEDED, false),

    /** The client went away; said to the agent alone. */
    CLIENT_GONE(Code.CANCELLED, false),
    /** More bytes than the window allows; said to the agent alone. */
    WINDOW_OVERRUN(Code.RESOURCE_EXHAUSTED, false),
    /** The backend has just been put to sleep: wake it and send the task again; said by the agent alone. */
    NOT_AWAKE(Code.UNAVAILABLE, true),
    /** A newer stream of the session took over. */
    SESSION_FENCED(Code.ABORTED, false),
    /** The resume token is wrong, or another credential's. */
    SESSION_FORBIDDEN(Code.PERMISSION_DENIED, false),
    /** Another process with this session is attached and alive. */
    SESSION_IN_USE(Code.ALREADY_EXISTS, false),
    /** An operator has asked for it. */
    DISCONNECTED(Code.ABORTED, true),
    NAME_IS_PUBLIC(Code.ALREADY_EXISTS, false),
    NAME_IN_USE(Code.ALREADY_EXISTS, false),
    NAME_FORBIDDEN(Code.PERMISSION_DENIED, false),
    NAME_MALFORMED(Code.INVALID_ARGUMENT, false);

    /** The canonical codes, as gRPC and google.rpc know them by the same names. */
    public enum Code {
        INVALID_ARGUMENT,
        UNAUTHENTICATED,
        PERMISSION_DENIED,
        NOT_FOUND,
        RESOURCE_EXHAUSTED,
        UNAVAILABLE,
        FAILED_PRECONDITION,
        ALREADY_EXISTS,
        OUT_OF_RANGE,
        ABORTED,
        INTERNAL,
        DEADLINE_EXCEEDED,
        CANCELLED,
        UNKNOWN
    }

    private final Code code;
    private final boolean retryable;

    Reason(Code code, boolean retryable) {
        this.code = code;
        this.retryable = retryable;
    }

    public Code code() {
        return code;
    }

    /** Whether the same request can succeed later. */
    public boolean retryable() {
        return retryable;
    }
}
