package dormouse.server.door;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskRecord;
import dormouse.server.relay.TaskLedger;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.StatefulMetric;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Counts the tasks that have ended. Any thread. */
public final class TaskMetrics implements TaskLedger {
    /** From a short answer's first byte to the longest that a task may take by default. */
    private static final double[] SECONDS = {
        .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800
    };

    private static final List<String> PHASES = List.of("queue", "wake", "first_byte", "total");

    private final LlmLabel label;
    private final Counter tasks;
    private final Histogram phases;
    private final Counter bytes;

    TaskMetrics(PrometheusRegistry registry, LlmLabel label) {
        this.label = label;
        this.tasks = Counter.builder()
                .name("dormouse_tasks_total")
                .help("Tasks that have ended: ok, or the reason why not, in lower case.")
                .withoutExemplars()
                .labelNames(label.names("outcome"))
                .register(registry);
        this.phases = Histogram.builder()
                .name("dormouse_task_phase_seconds")
                .help(
                        "How long each phase of a task took: queue, wake and first_byte of those that had it, total of all.")
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .withoutExemplars()
                .labelNames(label.names("phase"))
                .register(registry);
        this.bytes = Counter.builder()
                .name("dormouse_relayed_bytes_total")
                .help("Bytes of answers that clients were given, counted when their task ends.")
                .withoutExemplars()
                .labelNames(label.names())
                .register(registry);
        if (!label.on()) { // a rate wants a zero before the first
            tasks.initLabelValues("ok");
            PHASES.forEach(phases::initLabelValues);
        }
    }

    List<StatefulMetric<?, ?>> byLlm() {
        return List.of(tasks, phases, bytes);
    }

    @Override
    public void ended(TaskRecord record) {
        LlmName llm = record.llm();
        String outcome = record.why() == null ? "ok" : record.why().name().toLowerCase(Locale.ROOT);
        tasks.labelValues(label.values(llm, outcome)).inc();
        bytes.labelValues(label.values(llm)).inc(record.bytes());
        Duration firstByte = record.firstByte();
        if (firstByte != null) {
            observe(llm, "queue", record.queued());
            observe(llm, "first_byte", firstByte);
        }
        if (!record.woke().isZero()) {
            observe(llm, "wake", record.woke());
        }
        observe(llm, "total", record.total());
    }

    private void observe(LlmName llm, String phase, Duration took) {
        phases.labelValues(label.values(llm, phase)).observe(Metrics.seconds(took));
    }
}
