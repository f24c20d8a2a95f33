package dormouse.server.fleet;

/**
 * Whose an Llm is.
 *
 * @param session the agent's lasting identity
 * @param agentName what the agent calls itself
 * @param principal the credential that opened the session; empty where the server asks for none
 * @param epoch grows by one with each adoption, so that what an earlier owner still says can be told apart
 * @param replica the server process at which the agent is, or was last, attached
 */
public record Owner(SessionId session, String agentName, String principal, long epoch, String replica) {
    /** @throws IllegalArgumentException where {@code epoch} is below 1 */
    public Owner {
        if (epoch < 1) {
            throw new IllegalArgumentException("owner epoch " + epoch + ": at least 1");
        }
    }
}
