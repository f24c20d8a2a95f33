package dormouse.server.door;

import dormouse.server.control.AgentSessions;
import dormouse.server.control.Fleet;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.relay.Relay;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** What is read from the running server when somebody looks. */
record FleetMetrics(Fleet fleet, Relay relay, AgentSessions sessions, LlmLabel label) {
    void register(PrometheusRegistry registry) {
        perLlm("dormouse_tasks_active", "Tasks that run.", relay::running, Map::of)
                .register(registry);
        perLlm(
                        "dormouse_tasks_queued",
                        "Tasks that wait for their turn; those that wait for a wake not, but in the line of a pool,"
                                + " which is under its name.",
                        relay::queued,
                        relay::lines)
                .register(registry);
        GaugeWithCallback.builder()
                .name("dormouse_agents")
                .help("Agents that are attached to this server: connected, or leaving (said goodbye, tasks go on).")
                .labelNames("state")
                .callback(this::agents)
                .register(registry);
        GaugeWithCallback.builder()
                .name("dormouse_llms")
                .help("Llms by kind and status, in lower case.")
                .labelNames("kind", "status")
                .callback(this::llms)
                .register(registry);
        CounterWithCallback.builder()
                .name("dormouse_window_stalls_total")
                .help("How often all of a task's window was on the way unread, so that its agent had to stop.")
                .callback(callback -> callback.call(relay.windowStalls()))
                .register(registry);
        CounterWithCallback.builder()
                .name("dormouse_reconnects_total")
                .help("Streams that have gone on with a session that was there before them.")
                .callback(callback -> callback.call(sessions.resumed()))
                .register(registry);
        CounterWithCallback.builder()
                .name("dormouse_late_messages_total")
                .help("Messages that came from streams which were fenced off or closed, and were dropped.")
                .callback(callback -> callback.call(sessions.lateMessages()))
                .register(registry);
    }

    /** @param pools what is counted for pools and for none of their members */
    private GaugeWithCallback.Builder perLlm(
            String name, String help, ToIntFunction<LlmName> count, Supplier<Map<LlmName, Integer>> pools) {
        return GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(label.names())
                .callback(callback -> sums(count, pools.get())
                        .forEach((labels, sum) -> callback.call(sum, labels.toArray(String[]::new))));
    }

    /** By the values of the label; without one, in one sum. */
    private Map<List<String>, Integer> sums(ToIntFunction<LlmName> count, Map<LlmName, Integer> pools) {
        Map<List<String>, Integer> sums = new LinkedHashMap<>();
        if (!label.on()) {
            sums.put(List.of(), 0);
        }
        for (Llm llm : fleet.all()) {
            sums.merge(Arrays.asList(label.values(llm.name())), count.applyAsInt(llm.name()), Integer::sum);
        }
        pools.forEach((pool, tasks) -> sums.merge(Arrays.asList(label.values(pool)), tasks, Integer::sum));
        return sums;
    }

    private void agents(GaugeWithCallback.Callback callback) {
        long leaving =
                sessions.attached().stream().filter(agent -> agent.leaving()).count();
        callback.call(sessions.attached().size() - leaving, "connected");
        callback.call(leaving, "leaving");
    }

    private void llms(GaugeWithCallback.Callback callback) {
        int[][] counts = new int[LlmKind.values().length][LlmStatus.values().length];
        fleet.all().forEach(llm -> counts[llm.kind().ordinal()][llm.status().ordinal()]++);
        for (LlmKind kind : LlmKind.values()) {
            for (LlmStatus status : LlmStatus.values()) {
                callback.call(counts[kind.ordinal()][status.ordinal()], word(kind), word(status));
            }
        }
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
