package dormouse.server.fleet;

/** One inference, wake or sleep on its way; unique on this server. */
public record TaskId(String value) {
    /** @throws IllegalArgumentException where {@code value} is empty or longer than 64 characters */
    public TaskId {
        if (value.isEmpty() || value.length() > 64) {
            throw new IllegalArgumentException("task id: 1 to 64 characters");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
