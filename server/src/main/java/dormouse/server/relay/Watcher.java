package dormouse.server.relay;

import dormouse.server.fleet.Failure;

/** Who watches the fleet, as its edge writes to it. {@link Watch} calls one method at a time, from inside {@link #run}. */
public interface Watcher {
    /** Runs {@code job} where this watcher may be written to: at once, or soon. Any thread may ask. */
    void run(Runnable job);

    /** Whether it takes more now; when it does again, its edge calls {@link Watch#write}. */
    boolean ready();

    /** The next thing that it is shown. */
    void show(Sight sight);

    /** It is shown nothing more, for this reason. */
    void end(Failure why);
}
