package dormouse.cli;

import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/** Each event as a line (in YAML as a document), for a program or a log. */
final class EventLines implements WatchView {
    private final Console console;
    private final LlmFilter filter;
    private final Format format;

    /** The names that matched the filter when they were last seen: that one stops matching is told too. */
    private final Set<String> shown = new HashSet<>();

    private boolean lost;

    EventLines(Console console, LlmFilter filter, Format format) {
        this.console = console;
        this.filter = filter;
        this.format = format;
    }

    @Override
    public void restart() {
        shown.clear();
    }

    @Override
    public void show(LlmEvent event) {
        lost = false;
        if (event.getType() == LlmEvent.Type.TYPE_BOOKMARK || (event.hasLlm() && !passes(event.getLlm()))) {
            return;
        }
        Output out = console.out();
        switch (format) {
            case JSON -> out.println(Documents.jsonLine(LlmFields.event(event)));
            case YAML -> out.print("---\n").print(Documents.yaml(LlmFields.event(event)));
            case NAME -> {
                if (isChange(event)) {
                    out.println(Printable.line(event.getLlm().getSpec().getName()));
                }
            }
            case TABLE, WIDE -> {
                if (isChange(event)) {
                    out.println(line(event));
                }
            }
        }
        out.flush();
    }

    private boolean passes(Llm llm) {
        String name = llm.getSpec().getName();
        if (filter.matches(llm)) {
            shown.add(name);
            return true;
        }
        return shown.remove(name);
    }

    /** Something that a person wants a line for. */
    private static boolean isChange(LlmEvent event) {
        return event.hasLlm() && event.getType() != LlmEvent.Type.TYPE_LOAD;
    }

    private String line(LlmEvent event) {
        Llm llm = event.getLlm();
        Instant time = event.hasTime()
                ? Times.instant(event.getTime())
                : console.clock().instant();
        return String.format(
                        "%-24s  %-12s  %-11s  %s  %s",
                        time,
                        Words.of(event.getType()),
                        Words.of(llm.getStatus()),
                        Printable.line(llm.getSpec().getName()),
                        Printable.line(event.getDetail()))
                .stripTrailing();
    }

    @Override
    public void idle() {}

    @Override
    public void lost(String why) {
        if (!lost) { // once for each loss, however many tries it takes
            lost = true;
            console.tell("dormouse: " + why + "; trying again.");
        }
    }
}
