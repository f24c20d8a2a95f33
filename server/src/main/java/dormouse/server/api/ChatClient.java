package dormouse.server.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dormouse.server.control.Head;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
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
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@code Chat} call, to which the relay talks: types the backend's event stream as it comes. */
final class ChatClient implements Client {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_OF_AN_ERROR = 16 << 10;

    private final ServerCallStreamObserver<ChatEvent> out;
    private final EventLines lines = new EventLines();
    private final ByteArrayOutputStream plain = new ByteArrayOutputStream();
    private Head head = new Head(0, "", Map.of());
    private String finishReason = "";
    private @Nullable Failure broken;

    ChatClient(ServerCallStreamObserver<ChatEvent> out) {
        this.out = out;
    }

    @Override
    public void phase(Phase phase) {
        send(ChatEvent.newBuilder().setPhase(InferClient.message(phase)));
    }

    @Override
    public void head(Head answer) {
        head = answer;
    }

    private boolean streamed() {
        return head.status() < 300 && head.contentType().startsWith("text/event-stream");
    }

    @Override
    public boolean ready() {
        return out.isReady();
    }

    @Override
    public void chunk(ByteBuffer data) {
        if (broken != null) {
            return;
        }
        if (streamed()) {
            try {
                lines.take(data).forEach(this::event);
            } catch (IllegalStateException e) {
                broken = Failure.of(Reason.BACKEND_FAILED, String.valueOf(e.getMessage()));
            }
        } else {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            int most = head.status() < 300 ? EventLines.LONGEST : MOST_OF_AN_ERROR;
            plain.write(bytes, 0, Math.min(bytes.length, Math.max(0, most - plain.size())));
        }
    }

    private void event(String data) {
        if (!data.equals("[DONE]") && broken == null) {
            try {
                said(JSON.readTree(data), "delta");
            } catch (JsonProcessingException e) {
                broken = Failure.of(Reason.BACKEND_FAILED, "the backend's stream holds what is not JSON");
            }
        }
    }

    /** @param part {@code delta} in a stream, {@code message} in an answer of one piece */
    private void said(JsonNode answer, String part) {
        JsonNode error = answer.get("error");
        if (error != null && !error.isNull()) {
            broken = backendError(head.status(), error.path("message").asText(error.toString()));
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

    private static Failure backendError(int status, String message) {
        return new Failure(
                Reason.BACKEND_ERROR,
                "the backend answered " + status + ": " + message,
                null,
                Map.of("http_status", Integer.toString(status)));
    }

    @Override
    public void finished(Summary summary) {
        if (streamed()) {
            lines.end().forEach(this::event);
        } else {
            whole();
        }
        if (broken != null) {
            failed(broken);
            return;
        }
        send(ChatEvent.newBuilder().setFinished(InferClient.message(summary).setFinishReason(finishReason)));
        out.onCompleted();
    }

    private void whole() {
        String text = plain.toString(StandardCharsets.UTF_8);
        JsonNode answer;
        try {
            answer = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            broken = head.status() < 300
                    ? Failure.of(Reason.BACKEND_FAILED, "the backend's answer is neither a stream nor JSON")
                    : backendError(head.status(), text.length() > 200 ? text.substring(0, 200) + "…" : text);
            return;
        }
        if (head.status() >= 300 && !answer.has("error")) {
            broken = backendError(head.status(), text.length() > 200 ? text.substring(0, 200) + "…" : text);
        } else {
            said(answer, "message");
        }
    }

    @Override
    public void failed(Failure why) {
        out.onError(Errors.of(why));
    }

    private void send(ChatEvent.Builder event) {
        out.onNext(event.build());
    }
}
