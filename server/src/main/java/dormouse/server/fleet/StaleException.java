package dormouse.server.fleet;

/** What a decision was based on is no longer so: read anew and decide again. */
public class StaleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public StaleException(String message) {
        super(message);
    }
}
