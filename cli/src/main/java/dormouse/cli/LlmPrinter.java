package dormouse.cli;

import dormouse.v1.Llm;
import java.util.List;

/** Llms in the format that was asked for. */
final class LlmPrinter {
    private LlmPrinter() {}

    static void list(Console console, Format format, List<Llm> llms, long revision) {
        Output out = console.out();
        switch (format) {
            case TABLE, WIDE -> {
                table(console, format, llms);
                if (llms.isEmpty()) {
                    console.tell("No Llms.");
                }
            }
            case JSON -> out.println(Documents.json(LlmFields.list(llms, revision)));
            case YAML -> out.print(Documents.yaml(LlmFields.list(llms, revision)));
            case NAME -> llms.forEach(llm -> name(out, llm));
        }
        out.flush();
    }

    static void one(Console console, Format format, Llm llm) {
        Output out = console.out();
        switch (format) {
            case TABLE, WIDE -> table(console, format, List.of(llm));
            case JSON -> out.println(Documents.json(LlmFields.of(llm)));
            case YAML -> out.print(Documents.yaml(LlmFields.of(llm)));
            case NAME -> name(out, llm);
        }
        out.flush();
    }

    private static void table(Console console, Format format, List<Llm> llms) {
        LlmTable.of(
                        llms,
                        format == Format.WIDE,
                        console.terminal().liveOut(),
                        console.clock().instant())
                .print(console.out());
    }

    private static void name(Output out, Llm llm) {
        out.println(Printable.line(llm.getSpec().getName()));
    }
}
