package dormouse.server.relay;

import dormouse.server.control.Fleet;
import dormouse.server.control.FleetListener;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Vista;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Everyone who watches, by whatever door. A watcher joins on the fleet's lane, at a known revision, so that it misses
 * nothing and sees nothing twice: what lies before comes from memory or from the history, what comes after is handed to
 * it live.
 */
public final class Watches implements FleetListener, AutoCloseable {
    private static final Duration TICK = Duration.ofSeconds(1);

    private final Fleet fleet;
    private final LlmStore store;
    private final Relay relay;
    private final Time time;
    private final Executor blocking;
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;
    private volatile @Nullable Failure over;

    /** @param blocking where history is read */
    public Watches(Fleet fleet, LlmStore store, Relay relay, Time time, Executor blocking) {
        this.fleet = fleet;
        this.store = store;
        this.relay = relay;
        this.time = time;
        this.blocking = blocking;
        fleet.listen(this);
        tick();
    }

    /**
     * A watch that shows nothing until it {@linkplain #begin begins}.
     *
     * @param name of the one Llm; all where null
     * @param vista what exists for the one who watches
     */
    public Watch prepare(@Nullable LlmName name, Vista vista, Watcher watcher) {
        return new Watch(name, vista, watcher, store, time, blocking);
    }

    /**
     * Shows what happened after a revision, and then what happens.
     *
     * @param after 0: the present state first
     */
    public void begin(Watch watch, long after) {
        boolean taken = fleet.offer(() -> {
            long revision = fleet.revision();
            if (after == 0) {
                watch.snapshot(fleet.all(), revision);
            } else if (after > revision) {
                watch.end(Watch.compacted(after)); // of another history: the database was wiped, or put back
            } else {
                watch.replay(after, revision);
            }
            if (!watch.stopped()) {
                watches.add(watch);
            }
            Failure why = over;
            if (why != null) {
                watch.end(why);
            }
        });
        if (!taken) {
            watch.end(Fleet.busy());
        }
    }

    /** The watcher is gone. */
    public void leave(Watch watch) {
        watch.stop();
        watches.remove(watch);
    }

    @Override
    public void changed(LlmEvent event) {
        watches.forEach(watch -> watch.changed(event));
    }

    private void tick() {
        time.after(TICK, () -> {
            if (stopped) {
                return;
            }
            Set<LlmName> loads = relay.takeLoadChanges();
            watches.removeIf(Watch::stopped);
            if (!watches.isEmpty()) {
                loads.stream().map(fleet::find).forEach(llm -> {
                    if (llm != null) {
                        watches.forEach(watch -> watch.load(llm));
                    }
                });
                watches.forEach(Watch::bookmark);
            }
            tick();
        });
    }

    /** How many watch. */
    public int size() {
        return watches.size();
    }

    /** Tells everyone who watches that nothing more comes, and why; who comes later is told the same. */
    public void end(Failure why) {
        over = why;
        watches.forEach(watch -> watch.end(why));
    }

    /** No more ticks. */
    @Override
    public void close() {
        stopped = true;
    }
}
