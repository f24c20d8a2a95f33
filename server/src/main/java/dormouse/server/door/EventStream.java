package dormouse.server.door;

import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.Live;
import dormouse.server.relay.Sight;
import dormouse.server.relay.Watch;
import dormouse.server.relay.Watcher;
import dormouse.server.relay.Watches;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One watcher of the fleet by server-sent events, on its call's event loop. An event's name is its type in lower case and
 * its id the revision, by which a client that was cut off goes on; inside a snapshot no event has an id, since half of one is
 * nothing to go on from. Where the server no longer knows what came after an id, {@code reset} is sent and a new snapshot.
 */
final class EventStream implements Watcher {
    static final String TYPE = "text/event-stream";

    private static final Duration HEARTBEAT = Duration.ofSeconds(15);
    /** Heartbeats for which the client has taken nothing; then it is gone, whatever its machine says. */
    private static final int MOST_STUCK = 4;

    private final Call call;
    private final HttpServerResponse response;
    private final Context loop;
    private final Fleet fleet;
    private final Watches watches;
    private final Live.Source source;
    private final Time time;
    private Watch watch;
    private Time.@Nullable Alarm alarm;
    private int stuck;

    EventStream(Call call, Fleet fleet, Watches watches, Live.Source source, Time time) {
        this.call = call;
        this.response = call.response();
        this.loop = Vertx.currentContext();
        this.fleet = fleet;
        this.watches = watches;
        this.source = source;
        this.time = time;
        this.watch = watches.prepare(null, call.caller(), this);
    }

    /** @param lastId what the client has seen last; null where it has seen nothing */
    void begin(@Nullable String lastId) {
        call.whenOver(this::over);
        call.visit().whenEnded(why -> run(() -> watch.end(why)));
        response.drainHandler(drained -> watch.write());
        response.setChunked(true)
                .putHeader("content-type", TYPE)
                .putHeader("cache-control", "no-store")
                .putHeader("x-accel-buffering", "no"); // nginx would hold events back
        response.write("retry: 2000\n\n");
        heartbeat();
        if (lastId == null) {
            watches.begin(watch, 0);
        } else if (lastId.matches("[1-9][0-9]{0,17}")) {
            watches.begin(watch, Long.parseLong(lastId));
        } else {
            startOver();
        }
    }

    private void startOver() {
        watches.leave(watch);
        watch = watches.prepare(null, call.caller(), this);
        response.write(frame("reset", null, "{}"));
        watches.begin(watch, 0);
    }

    private void over() {
        watches.leave(watch);
        if (alarm != null) {
            alarm.cancel();
        }
    }

    private void heartbeat() {
        alarm = time.after(
                HEARTBEAT,
                () -> run(() -> {
                    if (!ready() && ++stuck == MOST_STUCK) {
                        call.breakOff();
                        return;
                    }
                    heartbeat(); // before anybody can see that this one has been
                    if (ready()) {
                        stuck = 0;
                        response.write(":\n\n");
                    }
                }));
    }

    @Override
    public void run(Runnable job) {
        loop.runOnContext(now -> {
            if (!call.over()) {
                job.run();
            }
        });
    }

    @Override
    public boolean ready() {
        return !response.writeQueueFull();
    }

    @Override
    public void show(Sight sight) {
        if (sight instanceof Sight.Changed changed) {
            LlmEvent event = changed.event();
            String type = event.type().name();
            write(type, sight, LlmJson.event(event.revision(), type, event.time(), event.detail(), after(changed)));
        } else if (sight instanceof Sight.Mark mark) {
            String type = mark.kind().name();
            Live live = mark.llm() == null ? null : source.of(mark.llm());
            write(type, sight, LlmJson.event(mark.revision(), type, mark.time(), "", live));
        }
    }

    /** With its counts, where it is still the latest that happened to it. */
    private Live after(Sight.Changed changed) {
        Llm llm = changed.event().llm();
        Llm now = fleet.find(llm.name());
        return changed.live() && now != null && now.revision() == llm.revision() ? source.of(llm) : Live.past(llm);
    }

    private void write(String type, Sight sight, String data) {
        boolean inside = sight instanceof Sight.Mark mark && mark.kind() == Sight.Kind.SNAPSHOT;
        response.write(frame(type.toLowerCase(Locale.ROOT), inside ? null : sight.revision(), data));
    }

    private static String frame(String name, @Nullable Long id, String data) {
        return "event: " + name + "\n" + (id == null ? "" : "id: " + id + "\n") + "data: " + data + "\n\n";
    }

    @Override
    public void end(Failure why) {
        if (why.reason() == Reason.REVISION_COMPACTED) {
            startOver();
        } else {
            Refusal refusal = Refusal.of(why);
            response.end(frame("ended", null, new String(Dialect.PLAIN.body(refusal), StandardCharsets.UTF_8)));
        }
    }
}
