package dormouse.agent;

import java.util.List;

/** What one look at a local port has found. */
sealed interface Sighting {
    /** A server of models, with all that it has; it may have none. */
    record Server(List<Find> models) implements Sighting {
        public Server {
            models = List.copyOf(models);
        }
    }

    /** Nobody answers, or somebody who is not ready yet. */
    record Nothing() implements Sighting {}

    /**
     * Something that answers, and that is not for us.
     *
     * @param what for a person
     */
    record Stranger(String what) implements Sighting {}

    /**
     * A model of a server on this machine.
     *
     * @param model the server's own name for it
     * @param wakes whether the ready-made recipe of the type can wake it
     * @param sleeps whether that recipe can put it to sleep, and nothing else with it
     */
    record Find(int port, BackendType type, String model, boolean wakes, boolean sleeps) {}
}
