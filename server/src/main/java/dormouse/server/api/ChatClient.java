package dormouse.server.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dormouse.server.control.Head;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.server.relay.Client;
import dormouse.server.relay.Phase;
import dormouse.server.relay.Summary;
import dormouse.v1.ChatEvent;
import dormouse.v1.ToolCall;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A {@code Chat} call, to which the relay talks: types the backend's event stream as it comes. Where that is broken, or
 * says that the backend failed, the call ends there, and so does the backend's work.
 */
final class ChatClient implements Client {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_OF_AN_ERROR = 16 << 10;
    private static final int LONGEST_MESSAGE = 200;

    private final ServerCallStreamObserver<ChatEvent> out;
    private final Runnable enough;
    private final EventLines lines = new EventLines();
    private final ByteArrayOutputStream plain = new ByteArrayOutputStream();
    private Head head = new Head(0, "", Map.of());
    private String finishReason = "";
    private boolean over;

    /** @param enough ends the task, of which nothing more is wanted */
    ChatClient(ServerCallStreamObserver<ChatEvent> out, Runnable enough) {
        this.out = out;
        this.enough = enough;
    }

    @Override
    public void phase(Phase phase) {
        send(ChatEvent.newBuilder().setPhase(InferClient.message(phase)));
    }

    @Override
    public void head(TaskId task, Head answer) {
        head = answer;
    }

    private boolean isError() {
        return head.status() >= 300;
    }

    private boolean streamed() {
        return !isError() && head.contentType().toLowerCase(Locale.ROOT).startsWith("text/event-stream");
    }

    @Override
    public boolean ready() {
        return out.isReady();
    }

    @Override
    public void chunk(ByteBuffer data) {
        if (over) {
            return;
        }
        if (streamed()) {
            try {
                lines.take(data).forEach(this::event);
            } catch (IllegalStateException e) {
                failed(Failure.of(Reason.BACKEND_FAILED, String.valueOf(e.getMessage())));
            }
            return;
        }
        int room = (isError() ? MOST_OF_AN_ERROR : EventLines.LONGEST) - plain.size();
        if (data.remaining() > room && !isError()) {
            failed(Failure.of(
                    Reason.BACKEND_FAILED, "the backend's answer is longer than " + EventLines.LONGEST + " bytes"));
            return;
        }
        byte[] bytes = new byte[Math.min(data.remaining(), room)];
        data.get(bytes);
        plain.writeBytes(bytes);
    }

    private void event(String data) {
        if (!data.equals("[DONE]") && !over) {
            try {
                said(JSON.readTree(data), "delta");
            } catch (JsonProcessingException e) {
                failed(Failure.of(Reason.BACKEND_FAILED, "the backend's stream holds what is not JSON"));
            }
        }
    }

    /** @param part {@code delta} in a stream, {@code message} in an answer of one piece */
    private void said(JsonNode answer, String part) {
        JsonNode error = answer.path("error");
        if (!error.isMissingNode() && !error.isNull()) {
            JsonNode message = error.path("message");
            failed(backendError(message.isTextual() ? message.asText() : error.toString()));
            return;
        }
        JsonNode choice = answer.path("choices").path(0);
        JsonNode said = choice.path(part);
        for (String field : List.of("reasoning_content", "reasoning")) {
            if (said.path(field).isTextual() && !said.path(field).asText().isEmpty()) {
                send(ChatEvent.newBuilder().setReasoning(said.path(field).asText()));
                break;
            }
        }
        if (said.path("content").isTextual() && !said.path("content").asText().isEmpty()) {
            send(ChatEvent.newBuilder().setText(said.path("content").asText()));
        }
        int position = 0;
        for (JsonNode call : said.path("tool_calls")) {
            send(ChatEvent.newBuilder()
                    .setToolCall(ToolCall.newBuilder()
                            .setIndex(call.path("index").asInt(position))
                            .setId(call.path("id").asText(""))
                            .setName(call.path("function").path("name").asText(""))
                            .setArguments(
                                    call.path("function").path("arguments").asText(""))));
            position++;
        }
        if (choice.path("finish_reason").isTextual()) {
            finishReason = choice.path("finish_reason").asText();
        }
    }

    private Failure backendError(String message) {
        String bounded = message.length() > LONGEST_MESSAGE ? message.substring(0, LONGEST_MESSAGE) + "…" : message;
        return new Failure(
                Reason.BACKEND_ERROR,
                "the backend answered " + head.status() + ": " + bounded,
                null,
                Map.of("http_status", Integer.toString(head.status())));
    }

    @Override
    public void finished(Summary summary) {
        if (streamed()) {
            lines.end().forEach(this::event);
        } else if (!over) {
            whole();
        }
        if (!over) {
            over = true;
            out.onNext(ChatEvent.newBuilder()
                    .setFinished(InferClient.message(summary).setFinishReason(finishReason))
                    .build());
            out.onCompleted();
        }
    }

    private void whole() {
        String text = plain.toString(StandardCharsets.UTF_8);
        JsonNode answer;
        try {
            answer = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            failed(
                    isError()
                            ? backendError(text)
                            : Failure.of(Reason.BACKEND_FAILED, "the backend's answer is neither a stream nor JSON"));
            return;
        }
        if (isError() && !answer.has("error")) {
            failed(backendError(text));
        } else {
            said(answer, "message");
        }
    }

    @Override
    public void failed(Failure why) {
        if (!over) {
            over = true;
            out.onError(Errors.of(why));
            enough.run();
        }
    }

    private void send(ChatEvent.Builder event) {
        if (!over) {
            out.onNext(event.build());
        }
    }
}
