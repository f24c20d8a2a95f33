package dormouse.agent;

import dormouse.v1.Heartbeat;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells the server of every Llm, now and then each time the interval is over. On the loop alone. */
final class Heartbeats {
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(30);

    private final Loop loop;
    private final Supplier<Heartbeat.Builder> report;
    private Duration interval = DEFAULT_INTERVAL;
    private long last;
    private Loop.@Nullable Timer next;

    Heartbeats(Loop loop, Supplier<Heartbeat.Builder> report) {
        this.loop = loop;
        this.report = report;
    }

    void every(Duration told) {
        interval = told.isZero() || told.isNegative() ? DEFAULT_INTERVAL : told;
    }

    /** Sends one on the stream, which gets the later ones too until it is another's turn. */
    void beat(ServerStream stream) {
        stop();
        stream.heartbeat(
                report.get().setSeq(++last).setActiveTasks(stream.activeTasks()).build());
        next = loop.after(interval, () -> beat(stream));
    }

    void stop() {
        if (next != null) {
            next.cancel();
            next = null;
        }
    }
}
