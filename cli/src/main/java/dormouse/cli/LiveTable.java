package dormouse.cli;

import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The table, redrawn in place on a terminal: at most ten times a second, and every two seconds for the ages. */
final class LiveTable implements WatchView {
    private static final Duration BETWEEN_DRAWS = Duration.ofMillis(100);
    private static final Duration AGES = Duration.ofSeconds(2);

    private final Console console;
    private final LlmFilter filter;
    private final Format format;

    private Map<String, Llm> llms = new TreeMap<>();
    private @Nullable Map<String, Llm> snapshot;
    private String note = "";
    private boolean stale;
    private Instant drawn = Instant.EPOCH;
    private int height;

    LiveTable(Console console, LlmFilter filter, Format format) {
        this.console = console;
        this.filter = filter;
        this.format = format;
    }

    @Override
    public void restart() {
        snapshot = new TreeMap<>();
    }

    @Override
    public void show(LlmEvent event) {
        note = "";
        stale = true;
        if (event.getType() == LlmEvent.Type.TYPE_SNAPSHOT_END && snapshot != null) {
            llms = snapshot;
            snapshot = null;
        } else if (event.hasLlm()) {
            Map<String, Llm> target = snapshot == null ? llms : snapshot;
            Llm llm = event.getLlm();
            if (event.getType() != LlmEvent.Type.TYPE_DELETED && filter.matches(llm)) {
                target.put(llm.getSpec().getName(), llm);
            } else {
                target.remove(llm.getSpec().getName());
            }
        }
        if (snapshot == null) {
            drawUnlessJustDrawn(BETWEEN_DRAWS);
        }
    }

    @Override
    public void idle() {
        if (snapshot == null) {
            drawUnlessJustDrawn(stale ? BETWEEN_DRAWS : AGES);
        }
    }

    @Override
    public void lost(String why) {
        note = why + "; trying again …";
        draw(console.clock().instant());
    }

    private void drawUnlessJustDrawn(Duration since) {
        Instant now = console.clock().instant();
        if (Duration.between(drawn, now).compareTo(since) >= 0) {
            draw(now);
        }
    }

    private void draw(Instant now) {
        Terminal terminal = console.terminal();
        List<String> lines = new ArrayList<>(
                LlmTable.of(llms.values(), format == Format.WIDE, true, now).lines(terminal.columns() - 1));
        int room = terminal.rows() - 1 - (note.isEmpty() ? 0 : 1);
        if (lines.size() > room) {
            int hidden = lines.size() - Math.max(1, room - 1);
            lines = new ArrayList<>(lines.subList(0, Math.max(1, room - 1)));
            lines.add("… and " + hidden + " more");
        }
        if (!note.isEmpty()) {
            String cut = note.length() < terminal.columns() ? note : note.substring(0, terminal.columns() - 1);
            lines.add(Ansi.DIM + cut + Ansi.RESET);
        }
        StringBuilder frame = new StringBuilder(Ansi.up(height));
        lines.forEach(line -> frame.append(Ansi.ERASE_LINE).append(line).append('\n'));
        console.out().print(frame.append(Ansi.ERASE_BELOW).toString()).flush();
        height = lines.size();
        drawn = now;
        stale = false;
    }
}
