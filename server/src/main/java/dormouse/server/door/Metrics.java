package dormouse.server.door;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.StoreClock;
import dormouse.server.relay.Relay;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmClassLoadingMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What {@code /metrics} shows: {@code docs/metrics.md} lists it. Made before all else, since the store is measured from its
 * first question on; shown the rest of the server by {@link #observe}. What only can be counted is counted as it happens,
 * at the end of a task at the earliest, never for a chunk; the rest is read when somebody looks. Any thread.
 */
public final class Metrics implements StoreClock {
    private static final Pattern ARTICLE = Pattern.compile("\\b(a|the) ");
    private static final double[] STORE_SECONDS = {.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10
    };

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Time time;
    private final Histogram store;
    private final TaskMetrics tasks;
    private final WakeMetrics wakes;
    private final LlmLabel label;
    private volatile Predicate<LlmName> exists = name -> false;

    /** @param perLlm whether tasks and wakes are told apart by Llm */
    public Metrics(boolean perLlm, Time time) {
        this.time = time;
        this.label = new LlmLabel(perLlm, name -> exists.test(name));
        this.store = Histogram.builder()
                .name("dormouse_store_seconds")
                .help("What the database takes for an operation, the wait for a connection and failures included.")
                .classicOnly()
                .classicUpperBounds(STORE_SECONDS)
                .withoutExemplars()
                .labelNames("operation")
                .register(registry);
        this.tasks = new TaskMetrics(registry, label);
        this.wakes = new WakeMetrics(registry, label, tasks.byLlm(), time);
        // Not all that the library has: its count of allocations hangs a listener into the JVM that nobody takes out
        // again.
        JvmBufferPoolMetrics.builder().register(registry);
        JvmClassLoadingMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
        JvmMemoryMetrics.builder().register(registry);
        JvmRuntimeInfoMetric.builder().register(registry);
        JvmThreadsMetrics.builder().register(registry);
        ProcessMetrics.builder().register(registry);
    }

    /** The ledger by which tasks are counted. */
    public TaskMetrics tasks() {
        return tasks;
    }

    /** From now on these are shown too. Once, before the doors open. */
    public void observe(Fleet fleet, Relay relay, AgentSessions sessions) {
        exists = name -> fleet.find(name) != null || relay.isPool(name);
        fleet.listen(wakes);
        new FleetMetrics(fleet, relay, sessions, label).register(registry);
    }

    @Override
    public Runnable begin(String operation) {
        long begun = time.nanos();
        return () -> store.labelValues(word(operation)).observe(seconds(time.since(begun)));
    }

    /** {@code read the history} as {@code read_history}. */
    private static String word(String operation) {
        return ARTICLE.matcher(operation).replaceAll("").replace(' ', '_').toLowerCase(Locale.ROOT);
    }

    static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    PrometheusRegistry registry() {
        return registry;
    }
}
