package dormouse.server.fleet;

/** The session that registers: see {@link Owner} for the fields. */
public record Claimant(SessionId session, String agentName, String principal, String replica) {}
