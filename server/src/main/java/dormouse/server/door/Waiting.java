package dormouse.server.door;

import dormouse.server.control.Time;
import io.vertx.core.Context;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Calls again and again, at the same distance, until it is stopped: how an event stream that nothing comes for is kept from
 * being taken for dead. On one event loop.
 */
final class Waiting {
    private final Time time;
    private final Context loop;
    private final Duration spell;
    private final Runnable stillWaiting;
    private Time.@Nullable Alarm alarm;
    private boolean stopped;

    Waiting(Time time, Context loop, Duration spell, Runnable stillWaiting) {
        this.time = time;
        this.loop = loop;
        this.spell = spell;
        this.stillWaiting = stillWaiting;
    }

    void start() {
        alarm = time.after(
                spell,
                () -> loop.runOnContext(now -> {
                    if (!stopped) {
                        start(); // before anybody can see that this spell is over
                        stillWaiting.run();
                    }
                }));
    }

    void stop() {
        stopped = true;
        if (alarm != null) {
            alarm.cancel();
        }
    }
}
