package dormouse.server.fleet;

/** Measures how long the store takes. Any thread; must neither block nor throw. */
public interface StoreClock {
    /** Measures nothing. */
    StoreClock NONE = operation -> () -> {};

    /**
     * An operation of the store begins.
     *
     * @param operation what for, in a few words of which there are not many
     * @return to be run when it has ended, well or not
     */
    Runnable begin(String operation);
}
