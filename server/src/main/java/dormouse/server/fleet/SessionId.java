package dormouse.server.fleet;

/** An agent's lasting identity on this server: the agent keeps it on disk across restarts of either side. */
public record SessionId(String value) {
    /** @throws IllegalArgumentException where {@code value} is empty or longer than 64 characters */
    public SessionId {
        if (value.isEmpty() || value.length() > 64) {
            throw new IllegalArgumentException("session id: 1 to 64 characters");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
