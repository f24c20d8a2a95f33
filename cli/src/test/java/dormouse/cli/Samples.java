package dormouse.cli;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.time.Instant;

/** The Llms of these tests. */
final class Samples {
    private Samples() {}

    /** With every field set. */
    static Llm qwen() {
        return Llm.newBuilder()
                .setSpec(LlmSpec.newBuilder()
                        .setName("qwen3-8b")
                        .setModel("qwen3:8b")
                        .setPool("qwen3")
                        .setConcurrency(4)
                        .setWakeable(true)
                        .setSleepable(true)
                        .putLabels("gpu", "rtx4090")
                        .putLabels("at", "Café")
                        .setMaxWait(Duration.newBuilder().setSeconds(60))
                        .setType("ollama"))
                .setKind(LlmKind.LLM_KIND_VIRTUAL)
                .setStatus(LlmStatus.LLM_STATUS_HIBERNATING)
                .setStatusReason("its backend sleeps")
                .setSessionId("s-1")
                .setAgentName("ana-desk")
                .setOwnerEpoch(3)
                .setReplicaId("r-1")
                .setActiveTasks(1)
                .setQueuedTasks(2)
                .setCreateTime(time("2026-11-19T10:00:00Z"))
                .setUpdateTime(time("2026-11-22T09:00:00.25Z"))
                .setLastHeartbeatTime(time("2026-11-22T09:59:48Z"))
                .setInactiveSince(time("2026-11-22T08:00:00Z"))
                .setExpectedWake(Duration.newBuilder().setSeconds(12).setNanos(500_000_000))
                .setRevision(41)
                .build();
    }

    /** With as little as a server can say. */
    static Llm bare() {
        return Llm.newBuilder()
                .setSpec(LlmSpec.newBuilder().setName("tiny").setConcurrency(1))
                .setKind(LlmKind.LLM_KIND_PUBLIC)
                .setStatus(LlmStatus.LLM_STATUS_ACTIVE)
                .setRevision(7)
                .build();
    }

    static Llm named(String name, LlmStatus status) {
        return Llm.newBuilder()
                .setSpec(LlmSpec.newBuilder().setName(name).setConcurrency(4))
                .setKind(LlmKind.LLM_KIND_VIRTUAL)
                .setStatus(status)
                .build();
    }

    static LlmEvent event(LlmEvent.Type type, long revision, Llm llm) {
        return LlmEvent.newBuilder()
                .setType(type)
                .setRevision(revision)
                .setLlm(llm)
                .setTime(time("2026-11-22T09:59:00Z"))
                .build();
    }

    static LlmEvent mark(LlmEvent.Type type, long revision) {
        return LlmEvent.newBuilder().setType(type).setRevision(revision).build();
    }

    static Timestamp time(String rfc3339) {
        Instant instant = Instant.parse(rfc3339);
        return Timestamp.newBuilder()
                .setSeconds(instant.getEpochSecond())
                .setNanos(instant.getNano())
                .build();
    }
}
