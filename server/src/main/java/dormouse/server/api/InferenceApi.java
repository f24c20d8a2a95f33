package dormouse.server.api;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.Client;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.InferCall;
import dormouse.server.relay.Relay;
import dormouse.server.relay.Task;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatRequest;
import dormouse.v1.InferEvent;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Infers by gRPC: {@code Infer} passes bytes, {@code Chat} types them. Nothing here waits. */
public final class InferenceApi extends InferenceServiceGrpc.InferenceServiceImplBase {
    private final Relay relay;
    private final Deadlines deadlines;

    InferenceApi(Relay relay, Deadlines deadlines) {
        this.relay = relay;
        this.deadlines = deadlines;
    }

    @Override
    public void infer(InferRequest request, StreamObserver<InferEvent> response) {
        ServerCallStreamObserver<InferEvent> out = (ServerCallStreamObserver<InferEvent>) response;
        start(out, new InferClient(out), () -> {
            ByteBuffer input = request.getInput().asReadOnlyByteBuffer();
            String type = request.getContentType().isEmpty() ? "application/json" : request.getContentType();
            LlmName llm = request.getLlm().isEmpty() ? ModelField.of(input, type) : LlmApi.name(request.getLlm());
            return new InferCall(
                    llm,
                    request.getPath().isEmpty() ? "chat/completions" : request.getPath(),
                    type,
                    input,
                    InferCalls.headers(request.getHeadersMap()),
                    InferCalls.deadlines(deadlines, request.hasDeadlines(), request.getDeadlines()));
        });
    }

    @Override
    public void chat(ChatRequest request, StreamObserver<ChatEvent> response) {
        ServerCallStreamObserver<ChatEvent> out = (ServerCallStreamObserver<ChatEvent>) response;
        start(
                out,
                new ChatClient(out),
                () -> new InferCall(
                        LlmApi.name(request.getLlm()),
                        "chat/completions",
                        "application/json",
                        ByteBuffer.wrap(ChatBody.of(request)).asReadOnlyBuffer(),
                        Map.of("accept", "text/event-stream"),
                        InferCalls.deadlines(deadlines, request.hasDeadlines(), request.getDeadlines())));
    }

    private void start(ServerCallStreamObserver<?> out, Client client, Supplier<InferCall> call) {
        AtomicReference<Task> task = new AtomicReference<>();
        out.setOnReadyHandler(() -> {
            Task running = task.get();
            if (running != null) {
                running.ready();
            }
        });
        out.setOnCancelHandler(() -> {
            Task running = task.get();
            if (running != null) {
                running.cancel();
            }
        });
        InferCall checked;
        try {
            checked = call.get();
        } catch (StatusRuntimeException e) {
            out.onError(e);
            return;
        } catch (ArithmeticException e) {
            out.onError(Errors.of(Reason.MALFORMED, "deadlines: beyond what a duration can be"));
            return;
        }
        Task begun = relay.infer(checked, client);
        task.set(begun);
        begun.ready(); // had it become ready meanwhile
        if (out.isCancelled()) {
            begun.cancel();
        }
    }
}
