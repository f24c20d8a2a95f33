package dormouse.cli;

import dormouse.v1.Llm;
import dormouse.v1.LlmSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Llms as a table, for a person. */
final class LlmTable {
    private static final List<String> HEAD =
            List.of("NAME", "KIND", "STATUS", "POOL", "MODEL", "AGENT", "TASKS", "HEARTBEAT", "AGE");
    private static final List<String> WIDE = List.of("QUEUED", "TYPE", "WAKE", "REPLICA", "LABELS", "REASON");
    private static final Map<String, String> COLOURS =
            Map.of("ACTIVE", Ansi.GREEN, "HIBERNATING", Ansi.BLUE, "WAKING", Ansi.YELLOW, "INACTIVE", Ansi.RED);

    private LlmTable() {}

    static Table of(Iterable<Llm> llms, boolean wide, boolean colour, Instant now) {
        List<String> head = new ArrayList<>(HEAD);
        if (wide) {
            head.addAll(WIDE);
        }
        Table table = new Table(head);
        for (Llm llm : llms) {
            table.add(row(llm, wide, now));
        }
        return colour ? table.colour(COLOURS) : table;
    }

    private static List<String> row(Llm llm, boolean wide, Instant now) {
        LlmSpec spec = llm.getSpec();
        List<String> row = new ArrayList<>(List.of(
                spec.getName(),
                Words.of(llm.getKind()),
                Words.of(llm.getStatus()),
                spec.getPool(),
                spec.getModel(),
                llm.getAgentName(),
                llm.getActiveTasks() + "/" + spec.getConcurrency(),
                Times.ago(llm.hasLastHeartbeatTime() ? llm.getLastHeartbeatTime() : null, now),
                Times.ago(llm.hasCreateTime() ? llm.getCreateTime() : null, now)));
        if (wide) {
            row.addAll(List.of(
                    Integer.toString(llm.getQueuedTasks()),
                    spec.getType(),
                    wake(llm),
                    llm.getReplicaId(),
                    labels(spec.getLabelsMap()),
                    llm.getStatusReason()));
        }
        return row;
    }

    /** Whether it can be woken, and in about how long. */
    private static String wake(Llm llm) {
        if (!llm.getSpec().getWakeable()) {
            return "";
        }
        return llm.hasExpectedWake()
                ? Times.spoken(Times.duration(llm.getExpectedWake())).replace(" ", "")
                : "yes";
    }

    static String labels(Map<String, String> labels) {
        return new TreeMap<>(labels)
                .entrySet().stream()
                        .map(label -> label.getKey() + "=" + label.getValue())
                        .collect(Collectors.joining(","));
    }
}
