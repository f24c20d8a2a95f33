package dormouse.server.fleet;

/** What {@link Lifecycle} made of an event. */
public sealed interface Step {
    /** The same, on behalf of a credential. */
    default Step by(String actor) {
        return this;
    }

    /** Save this, then tell it. */
    record Save(Change change) implements Step {
        @Override
        public Step by(String actor) {
            return new Save(change.by(actor));
        }
    }

    /** The row is right as it is. */
    record Keep(String why) implements Step {}

    /** The row stays, and whoever asked gets this. */
    record Refused(Failure failure) implements Step {}
}
