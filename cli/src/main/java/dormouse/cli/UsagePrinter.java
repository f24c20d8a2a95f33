package dormouse.cli;

import com.google.protobuf.Duration;
import dormouse.v1.UsageSum;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sums of usage: a table with means for a person, a document with the sums for a program. */
final class UsagePrinter {
    private static final List<String> HEAD = List.of("TASKS", "FAILED", "CANCELLED", "PROMPT", "COMPLETION");
    private static final List<String> WIDE = List.of("BYTES", "QUEUE", "WAKE", "FIRST-BYTE", "TOTAL");

    private final Console console;
    private final Format format;
    private final Set<UsageCommand.By> keys;

    /** @param keys in the order of their columns */
    UsagePrinter(Console console, Format format, Set<UsageCommand.By> keys) {
        this.console = console;
        this.format = format;
        this.keys = keys;
    }

    void print(List<UsageSum> sums) {
        Output out = console.out();
        switch (format) {
            case TABLE, WIDE, NAME -> {
                table(sums).print(out);
                if (sums.isEmpty()) {
                    console.tell("No tasks.");
                }
            }
            case JSON -> out.println(Documents.json(document(sums)));
            case YAML -> out.print(Documents.yaml(document(sums)));
        }
        out.flush();
    }

    private Table table(List<UsageSum> sums) {
        List<String> head = new ArrayList<>();
        keys.forEach(key -> head.add(key.name().toUpperCase(Locale.ROOT)));
        head.addAll(HEAD);
        if (format == Format.WIDE) {
            head.addAll(WIDE);
        }
        Table table = new Table(head);
        sums.forEach(sum -> table.add(row(sum)));
        return table;
    }

    private List<String> row(UsageSum sum) {
        List<String> row = new ArrayList<>();
        keys.forEach(key -> row.add(value(key, sum)));
        row.addAll(List.of(
                Long.toString(sum.getTasks()),
                Long.toString(sum.getFailed()),
                Long.toString(sum.getCancelled()),
                Long.toString(sum.getPromptTokens()),
                Long.toString(sum.getCompletionTokens())));
        if (format == Format.WIDE) {
            row.addAll(List.of(
                    Long.toString(sum.getBytes()),
                    mean(sum.getQueued(), sum.getTasks()),
                    mean(sum.getWoke(), sum.getTasks()),
                    mean(sum.getFirstByte(), sum.getAnswered()),
                    mean(sum.getTotal(), sum.getTasks())));
        }
        return row;
    }

    private static String mean(Duration sum, long count) {
        return count == 0
                ? ""
                : Times.spoken(Times.duration(sum).dividedBy(count)).replace(" ", "");
    }

    private static String value(UsageCommand.By key, UsageSum sum) {
        return switch (key) {
            case DAY -> sum.getDay();
            case LLM -> sum.getLlm();
            case CALLER -> sum.getCaller();
        };
    }

    private Map<String, Object> document(List<UsageSum> sums) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("usage", sums.stream().map(UsagePrinter::fields).toList());
        return document;
    }

    private static Map<String, @Nullable Object> fields(UsageSum sum) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("day", LlmFields.orNull(sum.getDay()));
        fields.put("llm", LlmFields.orNull(sum.getLlm()));
        fields.put("caller", LlmFields.orNull(sum.getCaller()));
        fields.put("tasks", sum.getTasks());
        fields.put("failed", sum.getFailed());
        fields.put("cancelled", sum.getCancelled());
        fields.put("answered", sum.getAnswered());
        fields.put("promptTokens", sum.getPromptTokens());
        fields.put("completionTokens", sum.getCompletionTokens());
        fields.put("bytes", sum.getBytes());
        fields.put("queuedSeconds", Times.seconds(sum.getQueued()));
        fields.put("wokeSeconds", Times.seconds(sum.getWoke()));
        fields.put("firstByteSeconds", Times.seconds(sum.getFirstByte()));
        fields.put("totalSeconds", Times.seconds(sum.getTotal()));
        return fields;
    }
}
