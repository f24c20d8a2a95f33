package dormouse.cli;

import dormouse.v1.ChatEvent;
import dormouse.v1.ChatRequest;
import dormouse.v1.Phase;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;

/** Streams one answer to standard output, each piece as it comes, and says what it waits for before the first. */
final class Answer {
    private final Dormouse dormouse;
    private final Client client;
    private final Console console;

    private boolean reasoning;
    private boolean endsLine;

    Answer(Dormouse dormouse, Client client) {
        this.dormouse = dormouse;
        this.client = client;
        this.console = dormouse.console();
    }

    /**
     * Returns the whole answer. What was printed always ends with a line break, which is added where the answer has
     * none.
     */
    String stream(ChatRequest request) throws StatusException, InterruptedException {
        StringBuilder whole = new StringBuilder();
        Progress progress = dormouse.progress(client);
        reasoning = false;
        endsLine = true;
        client.again();
        BlockingClientCall<?, ChatEvent> call = client.inference().chat(request);
        try {
            ChatEvent event = client.next(call, progress::waiting);
            while (event != null) {
                show(event, request.getLlm(), progress, whole);
                event = client.next(call, progress::waiting);
            }
        } finally {
            call.cancel("the answer is over", null);
            progress.done();
            endReasoning();
            if (!endsLine) {
                console.out().print("\n").flush();
            }
        }
        return whole.toString();
    }

    private void show(ChatEvent event, String llm, Progress progress, StringBuilder whole) {
        switch (event.getEventCase()) {
            case PHASE -> waitFor(event.getPhase(), llm, progress);
            case TEXT -> text(event.getText(), progress, whole);
            case REASONING -> reasoning(event.getReasoning(), progress);
            case FINISHED -> finished(event.getFinished().getFinishReason());
            case TOOL_CALL, EVENT_NOT_SET -> {} // no tools were offered; a newer server's news is not for this program
        }
    }

    private void text(String text, Progress progress, StringBuilder whole) {
        progress.done();
        progress.waitFor("waiting for the rest of the answer", Duration.ZERO, null);
        endReasoning();
        if (!text.isEmpty()) {
            whole.append(text);
            console.out()
                    .print(console.terminal().out() ? Printable.text(text) : text)
                    .flush();
            endsLine = text.endsWith("\n");
        }
    }

    /** What the Llm thinks is no answer: shown to a person, kept from a pipe. */
    private void reasoning(String text, Progress progress) {
        progress.done();
        progress.waitFor("waiting for the answer", Duration.ZERO, null);
        if (console.terminal().liveErr()) {
            reasoning = true;
            console.err().print(Ansi.DIM + Printable.text(text) + Ansi.RESET).flush();
        }
    }

    private void endReasoning() {
        if (reasoning) {
            reasoning = false;
            console.err().print("\n\n").flush();
        }
    }

    private void finished(String reason) {
        if (reason.equals("length") && console.terminal().out()) {
            if (!endsLine) {
                console.out().print("\n").flush();
                endsLine = true;
            }
            console.tell("(cut off at the longest answer allowed: --max-tokens, or the backend's own limit)");
        }
    }

    private static void waitFor(Phase phase, String llm, Progress progress) {
        String member = phase.getLlm().isEmpty() ? llm : Printable.line(phase.getLlm());
        String what = switch (phase.getKind()) {
            case KIND_QUEUED ->
                "queued for " + member + (phase.getPosition() > 0 ? ", place " + phase.getPosition() : "");
            case KIND_WAKING -> "waking " + member;
            case KIND_DISPATCHED -> "waiting for the first words of " + member;
            case KIND_UNSPECIFIED, UNRECOGNIZED -> "waiting for " + member;
        };
        progress.waitFor(
                what,
                Times.duration(phase.getElapsed()),
                phase.hasExpected() ? Times.duration(phase.getExpected()) : null);
    }
}
