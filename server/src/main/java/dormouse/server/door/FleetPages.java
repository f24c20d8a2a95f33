package dormouse.server.door;

import dormouse.server.auth.Right;
import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.StoreException;
import dormouse.server.relay.Live;
import dormouse.server.relay.Watches;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What this door shows of the fleet: the page, Llms and events as JSON, metrics. Read from memory on the event loop; only
 * history asks the store, on a thread that may wait for it.
 */
public final class FleetPages {
    private static final int MOST_HISTORY = 1000;

    private final Fleet fleet;
    private final LlmStore store;
    private final Live.Source source;
    private final EventStreams events;
    private final MetricsPage metrics;
    private final Right metricsRight;
    private final Executor blocking;

    /**
     * @param openMetrics whether the metrics are for everybody
     * @param blocking where history is read
     */
    public FleetPages(
            Fleet fleet,
            LlmStore store,
            Live.Source source,
            Watches watches,
            Metrics metrics,
            boolean openMetrics,
            Time time,
            Executor blocking) {
        this.fleet = fleet;
        this.store = store;
        this.source = source;
        this.events = new EventStreams(fleet, watches, source, time);
        this.metrics = new MetricsPage(metrics.registry());
        this.metricsRight = openMetrics ? Right.NOTHING : Right.ADMINISTER;
        this.blocking = blocking;
    }

    void addTo(Routes routes) {
        routes.at("/api/llms", Right.USE, (call, rest) -> list(call))
                .below("/api/llms/", Right.USE, this::one)
                .at("/api/events", Right.USE, (call, rest) -> events.open(call))
                .at("/metrics", metricsRight, (call, rest) -> metrics.scrape(call));
        Assets.addTo(routes);
    }

    private void list(Call call) {
        LlmFilter filter;
        try {
            filter = LlmFilter.of(call.request().params());
        } catch (IllegalArgumentException e) {
            call.refuse(Refusal.malformed(null, String.valueOf(e.getMessage())));
            return;
        }
        if (call.request().method() == HttpMethod.HEAD) {
            call.response().putHeader("content-type", "application/json").end();
        } else {
            new LlmList(call, fleet, source, filter).begin();
        }
    }

    private void one(Call call, String written) {
        LlmName name;
        int history;
        try {
            name = new LlmName(URLDecoder.decode(written.replace("+", "%2B"), StandardCharsets.UTF_8));
            history = history(call.request().getParam("history"));
        } catch (IllegalArgumentException e) {
            call.refuse(Refusal.malformed(null, String.valueOf(e.getMessage())));
            return;
        }
        call.response().putHeader("cache-control", "no-store");
        if (history == 0 || !call.caller().mayUse(name)) {
            answer(call, name, List.of(), false);
            return;
        }
        Context loop = Vertx.currentContext();
        try {
            blocking.execute(() -> {
                try {
                    List<LlmEvent> events = store.history(name, Long.MAX_VALUE, history);
                    loop.runOnContext(now -> answer(call, name, events, true));
                } catch (StoreException e) {
                    loop.runOnContext(now -> call.refuse(Refusal.of(Fleet.storeUnavailable())));
                }
            });
        } catch (RejectedExecutionException e) {
            call.refuse(Refusal.of(Fleet.storeBusy()));
        }
    }

    private void answer(Call call, LlmName name, List<LlmEvent> history, boolean wanted) {
        Llm row = fleet.find(name);
        Llm llm = row == null ? null : call.caller().seen(row);
        if (llm == null) {
            call.refuse(Refusal.of(Failure.of(Reason.LLM_NOT_FOUND, "there is no Llm " + name)));
            return;
        }
        Live live = source.of(llm);
        String json = wanted ? LlmJson.llm(live, seen(call, history)) : LlmJson.llm(live);
        call.json(200, json.getBytes(StandardCharsets.UTF_8));
    }

    private static List<LlmEvent> seen(Call call, List<LlmEvent> history) {
        return history.stream()
                .map(call.caller()::seen)
                .filter(Objects::nonNull)
                .toList();
    }

    private static int history(@Nullable String said) {
        if (said == null) {
            return 0;
        }
        int events = said.matches("[0-9]{1,4}") ? Integer.parseInt(said) : Integer.MAX_VALUE;
        if (events > MOST_HISTORY) {
            throw new IllegalArgumentException("history \"" + said + "\": how many events, 0 to " + MOST_HISTORY);
        }
        return events;
    }
}
