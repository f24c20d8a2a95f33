package dormouse.server.door;

import dormouse.server.fleet.LlmName;
import io.prometheus.metrics.core.metrics.StatefulMetric;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The label {@code llm}, where the operator wants it. Names come and go, and a client may ask for what there is not, while each
 * value of a label costs memory here and at who scrapes: only Llms and pools that there are get one, the first {@link #MOST} of
 * them, and lose it when they are gone. All else is {@code other}. Any thread.
 */
final class LlmLabel {
    /** With a label of their own. */
    static final int MOST = 200;

    private static final String OTHER = "other";

    private final boolean on;
    private final Predicate<LlmName> exists;
    private final Set<LlmName> labelled = ConcurrentHashMap.newKeySet();

    /** @param on whether there is such a label at all */
    LlmLabel(boolean on, Predicate<LlmName> exists) {
        this.on = on;
        this.exists = exists;
    }

    boolean on() {
        return on;
    }

    /** The names of a metric's labels: its own, and this one behind them. */
    String[] names(String... own) {
        return on ? with(own, "llm") : own;
    }

    /** The values of a metric's labels, in the same order. */
    String[] values(LlmName llm, String... own) {
        return on ? with(own, of(llm)) : own;
    }

    private String of(LlmName llm) {
        if (labelled.contains(llm)) {
            return llm.value();
        }
        synchronized (labelled) {
            if (labelled.size() < MOST && exists.test(llm)) {
                labelled.add(llm);
            }
        }
        return labelled.contains(llm) ? llm.value() : OTHER;
    }

    /** Those that are there no longer lose theirs, with all their values. */
    void forgetGone(List<? extends StatefulMetric<?, ?>> metrics) {
        labelled.forEach(llm -> {
            if (!exists.test(llm) && labelled.remove(llm)) {
                metrics.forEach(metric ->
                        metric.removeIf(values -> values.get(values.size() - 1).equals(llm.value())));
            }
        });
    }

    private static String[] with(String[] own, String last) {
        String[] all = Arrays.copyOf(own, own.length + 1);
        all[own.length] = last;
        return all;
    }
}
