package dormouse.server.fleet;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@link Transitions} as a diagram and as a table, for people. */
final class LifecycleDrawing {
    private static final String OUTSIDE = "[*]";

    /** Drawn as frames: an arrow that leaves all of them for the same place is drawn once. */
    private static final Map<String, Set<LlmState>> FRAMES = frames();

    private LifecycleDrawing() {}

    private static Map<String, Set<LlmState>> frames() {
        Set<LlmState> away = EnumSet.noneOf(LlmState.class);
        Arrays.stream(LlmState.values()).filter(LlmState::publisherAway).forEach(away::add);
        Set<LlmState> here = EnumSet.complementOf(EnumSet.copyOf(away));
        here.remove(LlmState.ABSENT);
        Map<String, Set<LlmState>> frames = new LinkedHashMap<>();
        frames.put("here", here);
        frames.put("away", away);
        return frames;
    }

    /** In Mermaid's language, which forges and editors draw. */
    static String diagram() {
        Map<String, Set<String>> arrows = new LinkedHashMap<>();
        for (LlmState from : LlmState.values()) {
            for (Trigger trigger : Trigger.values()) {
                if (Transitions.of(from, trigger) instanceof Transitions.Go go) {
                    String arrow = source(from, trigger, go.to()) + " --> " + name(go.to());
                    arrows.computeIfAbsent(arrow, a -> new LinkedHashSet<>()).add(trigger.words());
                }
            }
        }
        StringBuilder text = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        FRAMES.forEach((frame, states) -> {
            text.append("    state \"its publisher is ")
                    .append(frame)
                    .append("\" as ")
                    .append(frame)
                    .append(" {\n");
            states.forEach(state -> text.append("        ").append(state).append('\n'));
            text.append("    }\n");
        });
        arrows.forEach((arrow, words) -> text.append("    ")
                .append(arrow)
                .append(": ")
                .append(String.join(", ", words))
                .append('\n'));
        return text.append("```\n").toString();
    }

    /** The frame, where the trigger leads from each state in it to that same place outside; else the state. */
    private static String source(LlmState from, Trigger trigger, LlmState to) {
        for (Map.Entry<String, Set<LlmState>> frame : FRAMES.entrySet()) {
            Set<LlmState> states = frame.getValue();
            boolean all = states.contains(from)
                    && !states.contains(to)
                    && states.stream().allMatch(state -> leads(state, trigger, to));
            if (all) {
                return frame.getKey();
            }
        }
        return name(from);
    }

    private static boolean leads(LlmState from, Trigger trigger, LlmState to) {
        return Transitions.of(from, trigger) instanceof Transitions.Go go && go.to() == to;
    }

    private static String name(LlmState state) {
        return state == LlmState.ABSENT ? OUTSIDE : state.name();
    }

    /** A Markdown table, a row for each trigger. */
    static String table() {
        StringBuilder text = new StringBuilder("| |");
        List<LlmState> states = List.of(LlmState.values());
        states.forEach(state -> text.append(' ').append(state).append(" |"));
        text.append("\n|---|").append("---|".repeat(states.size())).append('\n');
        for (Trigger trigger : Trigger.values()) {
            text.append("| ").append(trigger.words()).append(" |");
            states.forEach(
                    state -> text.append(' ').append(cell(state, trigger)).append(" |"));
            text.append('\n');
        }
        return text.toString();
    }

    private static String cell(LlmState state, Trigger trigger) {
        Transitions.Cell cell = Transitions.of(state, trigger);
        if (cell instanceof Transitions.Go go) {
            return "**" + go.to() + "** " + go.event();
        }
        return cell instanceof Transitions.Refuse refuse ? "refused: " + refuse.reason() : "–";
    }
}
