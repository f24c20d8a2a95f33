package dormouse.server.door;

import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.Live;
import dormouse.server.relay.Watches;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** Everyone who watches the fleet by server-sent events. Event loops. */
final class EventStreams {
    /** At a time. Each may hold up to {@link dormouse.server.relay.Watch#MOST_WAITING} events that it has not taken. */
    static final int MOST = 1000;

    private final Fleet fleet;
    private final Watches watches;
    private final Live.Source source;
    private final Time time;
    private final AtomicInteger open = new AtomicInteger();

    EventStreams(Fleet fleet, Watches watches, Live.Source source, Time time) {
        this.fleet = fleet;
        this.watches = watches;
        this.source = source;
        this.time = time;
    }

    void open(Call call) {
        if (call.request().method() == HttpMethod.HEAD) {
            call.response().putHeader("content-type", EventStream.TYPE).end();
            return;
        }
        if (call.over()) {
            return; // and nobody would say so again
        }
        if (open.incrementAndGet() > MOST) {
            open.decrementAndGet();
            call.refuse(Refusal.of(Failure.retry(
                    Reason.OVERLOADED, MOST + " watch the fleet by this door already", Duration.ofSeconds(10))));
            return;
        }
        call.whenOver(open::decrementAndGet);
        new EventStream(call, fleet, watches, source, time).begin(call.request().getHeader("last-event-id"));
    }
}
