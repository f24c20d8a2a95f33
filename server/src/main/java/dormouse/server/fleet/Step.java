package dormouse.server.fleet;

/** What {@link Lifecycle} made of an event. */
public sealed interface Step {
    /** Save this, then tell it. */
    record Save(Change change) implements Step {}

    /** The row is right as it is. */
    record Keep(String why) implements Step {}

    /** The row stays, and whoever asked gets this. */
    record Refused(Failure failure) implements Step {}
}
