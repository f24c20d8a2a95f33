package dormouse.server.fleet;

/** What can happen to an Llm; with {@link LlmState} the two sides of the table in {@link Transitions}. */
public enum Trigger {
    /** Its own session offers it, awake; where there is no such row, every session is its own. */
    OFFER_AWAKE("offered awake"),
    /** Its own session offers it, its backend asleep. */
    OFFER_ASLEEP("offered asleep"),
    /** A foreign session offers it, awake. */
    ADOPT_AWAKE("offered awake by another session"),
    /** A foreign session offers it, its backend asleep. */
    ADOPT_ASLEEP("offered asleep by another session"),
    /** A heartbeat of its session says that it is awake. */
    REPORT_ACTIVE("reported active"),
    /** A heartbeat of its session says that it sleeps. */
    REPORT_HIBERNATING("reported hibernating"),
    /** A heartbeat of its session says that the backend is gone. */
    REPORT_INACTIVE("reported inactive"),
    /** An infer or a person wants it awake. */
    WAKE("wake asked for"),
    /** The agent's wake has succeeded. */
    WAKE_OK("wake succeeded"),
    /** The agent's wake has failed, run out of time, or been given up. */
    WAKE_FAIL("wake failed"),
    /** The agent has put the backend to sleep. */
    SLEEP_OK("put to sleep"),
    /** Nothing was heard of its agent for the heartbeat time-out. */
    SILENCE("agent silent"),
    /** Its agent's stream has ended without a word. */
    DISCONNECT("agent disconnected"),
    /** Its agent said goodbye, or registered without it. */
    LEAVE("goodbye or withdrawn"),
    /** The server that it was attached to starts anew. */
    RESTART("server restarted"),
    /** Its publisher has been away for the retention. */
    EXPIRE("away for the retention"),
    /** The operator declares it a PUBLIC one; whatever stands there is no PUBLIC one yet. */
    DECLARE("declared by the operator"),
    /** The operator says something else of a PUBLIC one. */
    REDECLARE("declared with other words"),
    /** The operator removes a PUBLIC one. */
    REMOVE("removed by the operator");

    private final String words;

    Trigger(String words) {
        this.words = words;
    }

    /** As the state diagram says it. */
    public String words() {
        return words;
    }
}
