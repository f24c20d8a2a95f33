package dormouse.agent;

import java.util.concurrent.CompletionException;

/**
 * A recipe went wrong. Its message is what clients are told, in a few words that name no address, no command line and
 * nothing that a program said; the detail, with all of that, is for the publisher's log alone.
 */
final class RecipeFailed extends Exception {
    private static final long serialVersionUID = 1;
    private final String detail;

    RecipeFailed(String told, String detail) {
        super(told);
        this.detail = detail;
    }

    /** What the publisher's log says of a recipe's failure. */
    static String detail(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof RecipeFailed failed ? failed.detail : Failures.say(cause);
    }

    /** What clients are told of it. */
    static String told(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof RecipeFailed failed ? String.valueOf(failed.getMessage()) : Failures.told(cause);
    }
}
