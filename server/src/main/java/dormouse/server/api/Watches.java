package dormouse.server.api;

import dormouse.server.control.Fleet;
import dormouse.server.control.FleetListener;
import dormouse.server.control.Time;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.relay.Relay;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Everyone who watches. A watcher joins on the fleet's lane, at a known revision, so that it misses nothing and sees
 * nothing twice: what lies before comes from memory or from the history, what comes after is handed to it live.
 */
public final class Watches implements FleetListener {
    private static final Duration TICK = Duration.ofSeconds(1);

    private final Fleet fleet;
    private final LlmStore store;
    private final Relay relay;
    private final Views views;
    private final Time time;
    private final Executor blocking;
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;

    Watches(Fleet fleet, LlmStore store, Relay relay, Views views, Time time, Executor blocking) {
        this.fleet = fleet;
        this.store = store;
        this.relay = relay;
        this.views = views;
        this.time = time;
        this.blocking = blocking;
        fleet.listen(this);
        tick();
    }

    void open(@Nullable LlmName name, long after, ServerCallStreamObserver<dormouse.v1.LlmEvent> response) {
        Watch watch = new Watch(name, response, views, store, time, blocking);
        response.setOnReadyHandler(watch::write);
        response.setOnCancelHandler(() -> {
            watch.stop();
            watches.remove(watch);
        });
        boolean taken = fleet.offer(() -> {
            long revision = fleet.revision();
            if (after == 0) {
                watch.snapshot(fleet.all(), revision);
            } else if (after > revision) {
                watch.endWith(Watch.compacted(after)); // of another history: the database was wiped, or put back
                watch.write();
            } else {
                watch.replay(after, revision);
            }
            if (!watch.stopped()) {
                watches.add(watch);
            }
        });
        if (!taken) {
            watch.endWith(Errors.of(Fleet.busy()));
            watch.write();
        }
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
    int size() {
        return watches.size();
    }

    /** No more ticks. */
    void stop() {
        stopped = true;
    }
}
