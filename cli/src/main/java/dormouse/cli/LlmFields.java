package dormouse.cli;

import com.google.protobuf.Timestamp;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Llms as JSON and YAML show them: the public names of the fields, in their order. What is absent is null. */
final class LlmFields {
    private LlmFields() {}

    static Map<String, @Nullable Object> list(List<Llm> llms, long revision) {
        Map<String, @Nullable Object> list = new LinkedHashMap<>();
        list.put("llms", llms.stream().map(LlmFields::of).toList());
        list.put("revision", revision);
        return list;
    }

    static Map<String, @Nullable Object> of(Llm llm) {
        LlmSpec spec = llm.getSpec();
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("name", spec.getName());
        fields.put("kind", Words.of(llm.getKind()));
        fields.put("type", orNull(spec.getType()));
        fields.put("status", Words.of(llm.getStatus()));
        fields.put("statusReason", orNull(llm.getStatusReason()));
        fields.put("model", orNull(spec.getModel()));
        fields.put("pool", orNull(spec.getPool()));
        fields.put("agent", orNull(llm.getAgentName()));
        fields.put("sessionId", orNull(llm.getSessionId()));
        fields.put("replica", orNull(llm.getReplicaId()));
        fields.put("concurrency", spec.getConcurrency());
        fields.put("activeTasks", llm.getActiveTasks());
        fields.put("queuedTasks", llm.getQueuedTasks());
        fields.put("wakeable", spec.getWakeable());
        fields.put("sleepable", spec.getSleepable());
        fields.put("labels", new TreeMap<>(spec.getLabelsMap()));
        fields.put("createTime", time(llm.hasCreateTime(), llm.getCreateTime()));
        fields.put("updateTime", time(llm.hasUpdateTime(), llm.getUpdateTime()));
        fields.put("lastHeartbeatTime", time(llm.hasLastHeartbeatTime(), llm.getLastHeartbeatTime()));
        fields.put("inactiveSince", time(llm.hasInactiveSince(), llm.getInactiveSince()));
        fields.put("expectedWakeSeconds", llm.hasExpectedWake() ? Times.seconds(llm.getExpectedWake()) : null);
        fields.put("revision", llm.getRevision());
        return fields;
    }

    static Map<String, @Nullable Object> event(LlmEvent event) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("revision", event.getRevision());
        fields.put("type", Words.of(event.getType()));
        fields.put("time", time(event.hasTime(), event.getTime()));
        fields.put("detail", orNull(event.getDetail()));
        if (!event.getActor().isEmpty()) {
            fields.put("actor", event.getActor());
        }
        fields.put("llm", event.hasLlm() ? of(event.getLlm()) : null);
        return fields;
    }

    static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    static @Nullable String time(boolean present, Timestamp time) {
        return present ? Times.rfc3339(time) : null;
    }
}
