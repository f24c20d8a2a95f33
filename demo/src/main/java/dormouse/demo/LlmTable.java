package dormouse.demo;

import dormouse.v1.Llm;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The Llms as a table, as {@code dormouse list} has it. */
final class LlmTable {
    private static final List<String> HEAD = List.of("NAME", "KIND", "STATUS", "MODEL", "AGENT", "TASKS");

    private LlmTable() {}

    static List<String> lines(List<Llm> llms) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(HEAD);
        llms.forEach(llm -> rows.add(row(llm)));
        int[] widths = new int[HEAD.size()];
        rows.forEach(row -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    /** The word of an enum's constant without its prefix: {@code LLM_STATUS_ACTIVE} is ACTIVE. */
    static String word(Enum<?> constant) {
        return constant.name().substring(constant.name().lastIndexOf('_') + 1).toUpperCase(Locale.ROOT);
    }

    private static List<String> row(Llm llm) {
        return List.of(
                llm.getSpec().getName(),
                word(llm.getKind()),
                word(llm.getStatus()),
                llm.getSpec().getModel(),
                llm.getAgentName(),
                Integer.toString(llm.getActiveTasks()));
    }

    private static String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            line.append(String.format("%-" + (widths[i] + 3) + "s", row.get(i)));
        }
        return line.toString().stripTrailing();
    }
}
