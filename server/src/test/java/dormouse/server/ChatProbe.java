package dormouse.server;

import dormouse.contract.Problems;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatRequest;
import dormouse.v1.Finished;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.ToolCall;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A client's chat that keeps all that it is told. */
public final class ChatProbe {
    private final List<ChatEvent> events = new ArrayList<>();
    private @Nullable Throwable error;
    private boolean completed;

    ChatProbe(InferenceServiceGrpc.InferenceServiceStub stub, ChatRequest request) {
        stub.chat(request, new StreamObserver<>() {
            @Override
            public void onNext(ChatEvent event) {
                events.add(event);
            }

            @Override
            public void onError(Throwable t) {
                error = t;
            }

            @Override
            public void onCompleted() {
                completed = true;
            }
        });
    }

    public List<ChatEvent> events() {
        return List.copyOf(events);
    }

    public String text() {
        return events.stream().map(ChatEvent::getText).collect(Collectors.joining());
    }

    public String reasoning() {
        return events.stream().map(ChatEvent::getReasoning).collect(Collectors.joining());
    }

    public List<ToolCall> toolCalls() {
        return events.stream()
                .filter(ChatEvent::hasToolCall)
                .map(ChatEvent::getToolCall)
                .toList();
    }

    public Finished finished() {
        return events.get(events.size() - 1).getFinished();
    }

    public boolean completed() {
        return completed;
    }

    public String reason() {
        return error == null ? "" : Problems.reason(error);
    }

    public Status.@Nullable Code code() {
        return error == null ? null : Status.fromThrowable(error).getCode();
    }

    public String message() {
        return error == null ? "" : String.valueOf(Status.fromThrowable(error).getDescription());
    }

    public Map<String, String> metadata() {
        return error == null
                ? Map.of()
                : Problems.of(error).map(Problems::metadata).orElse(Map.of());
    }
}
