package dormouse.server.fleet;

/** What happened to an Llm: each is a row of its history. */
public enum LlmEventType {
    /** A new name. */
    REGISTERED,
    /** Its own session is back. */
    REACTIVATED,
    /** Another session, or the operator, took over an INACTIVE one. */
    ADOPTED,
    /** Its agent is told to wake it. */
    WAKE_STARTED,
    /** The wake succeeded. */
    WOKE,
    /** The wake failed, timed out or was given up. */
    WAKE_FAILED,
    /** Its agent has put the backend to sleep. */
    SLEPT,
    /** Its publisher is away. */
    DEACTIVATED,
    /** Its spec changed, or the cause of its absence. */
    UPDATED,
    /** Its row is gone. */
    DELETED,
    /** Its agent, or the server itself for a PUBLIC one, finds that the backend is gone. */
    BACKEND_DOWN,
    /** Its agent, or the server itself, finds that the backend is back. */
    BACKEND_UP
}
