package dormouse.demo;

import com.google.protobuf.Duration;
import dormouse.v1.ChatEvent;
import dormouse.v1.Finished;
import dormouse.v1.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Tells of one answer as its events come: the wake, the words, what it took. For one thread. */
final class Conversation implements Consumer<ChatEvent> {
    private final Narrator narrator;
    private final LongSupplier nanoTime;
    private long wakeBegan;
    private boolean waking;
    private boolean talking;

    Conversation(Narrator narrator, LongSupplier nanoTime) {
        this.narrator = narrator;
        this.nanoTime = nanoTime;
    }

    @Override
    public void accept(ChatEvent event) {
        switch (event.getEventCase()) {
            case PHASE -> phase(event.getPhase());
            case TEXT -> talk(event.getText());
            case REASONING -> talk(event.getReasoning());
            case FINISHED -> finished(event.getFinished());
            case TOOL_CALL, EVENT_NOT_SET -> {}
        }
    }

    /** Whether a word of an answer came. */
    boolean answered() {
        return talking;
    }

    private void phase(Phase phase) {
        if (phase.getKind() == Phase.Kind.KIND_WAKING) {
            if (!waking) {
                waking = true;
                wakeBegan = nanoTime.getAsLong();
                narrator.say("waking …", "the server tells the agent, the agent runs the recipe");
            }
        } else if (phase.getKind() == Phase.Kind.KIND_DISPATCHED) {
            awake();
        }
    }

    private void awake() {
        if (waking) {
            waking = false;
            long millis = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - wakeBegan);
            narrator.say("awake", "after " + millis + " ms");
        }
    }

    private void talk(String text) {
        awake();
        if (!talking) {
            talking = true;
            narrator.say("answer", "");
            narrator.line("");
            narrator.piece("    ");
        }
        narrator.piece(text.replace("\n", "\n    "));
    }

    private void finished(Finished finished) {
        if (talking) {
            narrator.line("\n");
        }
        List<String> facts = new ArrayList<>();
        if (finished.hasUsage()) {
            facts.add(finished.getUsage().getPromptTokens() + " tokens in");
            facts.add(finished.getUsage().getCompletionTokens() + " out");
        }
        add(facts, "queued", finished.hasQueued(), finished.getQueued());
        add(facts, "woke in", finished.hasWoke(), finished.getWoke());
        add(facts, "first byte after", finished.hasFirstByte(), finished.getFirstByte());
        add(facts, "total", finished.hasTotal(), finished.getTotal());
        narrator.say("done", String.join(" · ", facts));
    }

    private static void add(List<String> facts, String what, boolean known, Duration duration) {
        if (known) {
            double millis = duration.getSeconds() * 1e3 + duration.getNanos() / 1e6;
            facts.add(String.format(Locale.ROOT, millis < 10 ? "%s %.1f ms" : "%s %.0f ms", what, millis));
        }
    }
}
