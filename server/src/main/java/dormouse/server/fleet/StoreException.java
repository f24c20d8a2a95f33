package dormouse.server.fleet;

/** The database did not do it, or did not say so: whether a commit has happened is unknown. */
public class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
