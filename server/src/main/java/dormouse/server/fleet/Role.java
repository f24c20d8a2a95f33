package dormouse.server.fleet;

/** What a credential is for. */
public enum Role {
    /** May call the Llms that its patterns cover. */
    CLIENT,
    /** May publish the Llms and pools that its patterns cover. */
    AGENT,
    /** May do everything. */
    ADMIN
}
