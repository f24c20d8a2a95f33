package dormouse.cli;

import com.google.protobuf.Timestamp;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Everything about one Llm, for a person. */
final class Description {
    private final Output out;
    private final Instant now;

    private Description(Output out, Instant now) {
        this.out = out;
        this.now = now;
    }

    static void print(Console console, Llm llm, List<LlmEvent> history) {
        Description description = new Description(console.out(), console.clock().instant());
        description.llm(llm);
        if (!history.isEmpty()) {
            description.history(history);
        }
        console.out().flush();
    }

    private void llm(Llm llm) {
        LlmSpec spec = llm.getSpec();
        line("Name", spec.getName());
        line("Kind", Words.of(llm.getKind()));
        line("Status", Words.of(llm.getStatus()));
        line("Reason", llm.getStatusReason());
        line("Model", spec.getModel());
        line("Type", spec.getType());
        line("Pool", spec.getPool());
        line("Labels", LlmTable.labels(spec.getLabelsMap()));
        line(
                "Tasks",
                llm.getActiveTasks() + " running of " + spec.getConcurrency() + " at a time, " + llm.getQueuedTasks()
                        + " queued");
        line("Wake", wake(llm));
        line("Sleep", spec.getSleepable() ? "can be put to sleep" : "");
        line("Agent", llm.getAgentName());
        line("Session", session(llm));
        line("Replica", llm.getReplicaId());
        line("Heartbeat", llm.hasLastHeartbeatTime() ? time(llm.getLastHeartbeatTime()) : "");
        line("Inactive", llm.hasInactiveSince() ? "since " + time(llm.getInactiveSince()) : "");
        line("Created", llm.hasCreateTime() ? time(llm.getCreateTime()) : "");
        line("Updated", llm.hasUpdateTime() ? time(llm.getUpdateTime()) : "");
        line("Revision", Long.toString(llm.getRevision()));
    }

    private static String wake(Llm llm) {
        LlmSpec spec = llm.getSpec();
        if (!spec.getWakeable()) {
            return "";
        }
        StringBuilder wake = new StringBuilder("can be woken");
        if (llm.hasExpectedWake()) {
            wake.append(", in about ").append(Times.spoken(Times.duration(llm.getExpectedWake())));
        }
        if (spec.hasMaxWait()) {
            wake.append(", given up after ").append(Times.spoken(Times.duration(spec.getMaxWait())));
        }
        return wake.toString();
    }

    private static String session(Llm llm) {
        return llm.getSessionId().isEmpty() ? "" : llm.getSessionId() + ", epoch " + llm.getOwnerEpoch();
    }

    private void history(List<LlmEvent> events) {
        out.println("History");
        boolean actors = events.stream().anyMatch(event -> !event.getActor().isEmpty());
        List<String> head = new ArrayList<>(List.of("  TIME", "AGO", "REVISION", "EVENT", "STATUS", "DETAIL"));
        if (actors) {
            head.add("BY");
        }
        Table table = new Table(head);
        for (LlmEvent event : events) {
            List<String> row = new ArrayList<>(List.of(
                    "  " + (event.hasTime() ? Times.rfc3339(event.getTime()) : "-"),
                    Times.ago(event.hasTime() ? event.getTime() : null, now),
                    Long.toString(event.getRevision()),
                    Words.of(event.getType()),
                    event.hasLlm() ? Words.of(event.getLlm().getStatus()) : "",
                    event.getDetail()));
            if (actors) {
                row.add(event.getActor());
            }
            table.add(row);
        }
        table.print(out);
    }

    /** What there is nothing to say about is left out. */
    private void line(String label, String text) {
        if (!text.isEmpty()) {
            out.println(String.format("%-10s %s", label, Printable.line(text)));
        }
    }

    private String time(Timestamp time) {
        return Times.rfc3339(time) + " (" + Times.ago(time, now) + " ago)";
    }
}
