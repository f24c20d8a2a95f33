package dormouse.agent;

/** A recipe went wrong; the message is complete, and for a person. */
final class RecipeFailed extends Exception {
    RecipeFailed(String message) {
        super(message);
    }
}
