package dormouse.agent;

import dormouse.v1.LlmOffer;
import dormouse.v1.LlmReport;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The Llms that are published now. On the loop alone. */
final class Hosts {
    private final Function<LlmConfig, LlmHost> opening;
    private Map<String, LlmHost> hosts = new LinkedHashMap<>();

    Hosts(Function<LlmConfig, LlmHost> opening) {
        this.opening = opening;
    }

    /**
     * Publishes these Llms and no others. What has not changed goes on as it is; what has, begins anew, and running
     * tasks finish as they began.
     *
     * @return completes when each new backend has been asked for the first time
     */
    CompletableFuture<Void> publish(List<LlmConfig> llms) {
        Map<String, LlmHost> next = new LinkedHashMap<>();
        List<CompletableFuture<?>> asked = new ArrayList<>();
        for (LlmConfig llm : llms) {
            LlmHost known = hosts.get(llm.name());
            if (known != null && known.config().equals(llm)) {
                next.put(llm.name(), known);
            } else {
                LlmHost opened = opening.apply(llm);
                if (known != null) {
                    opened.succeed(known);
                }
                asked.add(opened.start());
                next.put(llm.name(), opened);
            }
        }
        Map<String, LlmHost> before = hosts;
        hosts = next;
        before.forEach((name, host) -> {
            if (next.get(name) != host) {
                host.close();
            }
        });
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new));
    }

    @Nullable
    LlmHost find(String name) {
        return hosts.get(name);
    }

    boolean isEmpty() {
        return hosts.isEmpty();
    }

    /** Everything, as a registration says it. */
    List<LlmOffer> offers() {
        return hosts.values().stream().map(Hosts::offer).toList();
    }

    /** The status of those that the server has granted. */
    List<LlmReport> reports(Set<String> granted) {
        return hosts.values().stream()
                .filter(host -> granted.contains(host.config().name()))
                .map(host -> LlmReport.newBuilder()
                        .setName(host.config().name())
                        .setStatus(host.status())
                        .setReason(host.reason())
                        .setRested(host.isRested())
                        .build())
                .toList();
    }

    void close() {
        hosts.values().forEach(LlmHost::close);
        hosts = new LinkedHashMap<>();
    }

    private static LlmOffer offer(LlmHost host) {
        LlmConfig llm = host.config();
        LlmSpec.Builder spec = LlmSpec.newBuilder()
                .setName(llm.name())
                .setModel(llm.model())
                .setPool(llm.pool())
                .setConcurrency(llm.concurrency())
                .setWakeable(llm.isWakeable())
                .setSleepable(llm.isSleepable())
                .putAllLabels(llm.labels())
                .setType(llm.type().toString());
        if (llm.wake() != null) {
            spec.setMaxWait(Spans.proto(llm.wake().maxWait()));
        }
        boolean sleeps = host.status() == LlmStatus.LLM_STATUS_HIBERNATING;
        return LlmOffer.newBuilder()
                .setSpec(spec)
                .setInitialStatus(sleeps ? LlmStatus.LLM_STATUS_HIBERNATING : LlmStatus.LLM_STATUS_ACTIVE)
                .build();
    }
}
