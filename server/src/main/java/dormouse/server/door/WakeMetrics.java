package dormouse.server.door;

import dormouse.server.control.FleetListener;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.StatefulMetric;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Counts the wakes that have ended, from what the fleet tells: it is on disk by then. On the fleet's lane.
 *
 * <p>A wake ends once: by its success, by the failure that {@link #wakeFailed} names, or by whatever else takes the Llm out
 * of WAKING, which is that its agent went away.
 */
final class WakeMetrics implements FleetListener {
    private static final double[] SECONDS = {.1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600};
    private static final String LOST = "agent_lost";

    private final LlmLabel label;
    private final Time time;
    private final Counter wakes;
    private final Histogram seconds;
    private final List<StatefulMetric<?, ?>> byLlm;
    private final Map<LlmName, Long> begun = new ConcurrentHashMap<>();

    /** @param others metrics that have the label too */
    WakeMetrics(PrometheusRegistry registry, LlmLabel label, List<StatefulMetric<?, ?>> others, Time time) {
        this.label = label;
        this.time = time;
        this.wakes = Counter.builder()
                .name("dormouse_wakes_total")
                .help("Wakes that have ended: ok, or the reason why not, in lower case.")
                .withoutExemplars()
                .labelNames(label.names("outcome"))
                .register(registry);
        this.seconds = Histogram.builder()
                .name("dormouse_wake_seconds")
                .help("How long wakes that succeeded took, from telling the agent to the Llm's being ACTIVE.")
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .withoutExemplars()
                .labelNames(label.names())
                .register(registry);
        this.byLlm = Stream.concat(others.stream(), Stream.of(wakes, seconds)).toList();
        if (!label.on()) {
            wakes.initLabelValues("ok");
        }
    }

    @Override
    public void changed(LlmEvent event) {
        LlmName llm = event.llm().name();
        LlmState state = event.llm().state();
        if (event.type() == LlmEventType.WAKE_STARTED) {
            begun.putIfAbsent(llm, time.nanos()); // it is said again where the wake has gone on through a blip
        } else if (state == LlmState.ACTIVE) {
            Long since = begun.remove(llm);
            if (since != null) {
                count(llm, "ok");
                seconds.labelValues(label.values(llm)).observe(Metrics.seconds(time.since(since)));
            }
        } else if (event.type() != LlmEventType.WAKE_FAILED && state != LlmState.WAKING && !blip(event)) {
            if (begun.remove(llm) != null) {
                count(llm, LOST);
            }
        }
        label.forgetGone(byLlm);
    }

    @Override
    public void wakeFailed(LlmName llm, Failure why) {
        if (begun.remove(llm) != null) {
            count(llm, why.reason().name().toLowerCase(Locale.ROOT));
        }
    }

    /** Its agent is away for a moment, or back: whether that ends the wake is told. */
    private static boolean blip(LlmEvent event) {
        LlmState state = event.llm().state();
        return state == LlmState.LOST || (state == LlmState.HIBERNATING && event.type() == LlmEventType.REACTIVATED);
    }

    private void count(LlmName llm, String outcome) {
        wakes.labelValues(label.values(llm, outcome)).inc();
    }
}
