package dormouse.server.api;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.Client;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.InferCall;
import dormouse.server.relay.Relay;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatRequest;
import dormouse.v1.InferEvent;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.Map;
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
        start(out, new Running(), new InferClient(out), () -> {
            String type = request.getContentType().isEmpty() ? "application/json" : request.getContentType();
            LlmName llm = request.getLlm().isEmpty()
                    ? ModelField.of(request.getInput(), type)
                    : LlmApi.name(request.getLlm());
            return new InferCall(
                    llm,
                    request.getPath().isEmpty() ? "chat/completions" : request.getPath(),
                    type,
                    request.getInput().asReadOnlyByteBuffer(),
                    InferCalls.headers(request.getHeadersMap()),
                    InferCalls.within(
                            Context.current().getDeadline(),
                            InferCalls.deadlines(deadlines, request.hasDeadlines(), request.getDeadlines())),
                    "");
        });
    }

    @Override
    public void chat(ChatRequest request, StreamObserver<ChatEvent> response) {
        ServerCallStreamObserver<ChatEvent> out = (ServerCallStreamObserver<ChatEvent>) response;
        Running running = new Running();
        start(
                out,
                running,
                new ChatClient(out, running::cancel),
                () -> new InferCall(
                        LlmApi.name(request.getLlm()),
                        "chat/completions",
                        "application/json",
                        ByteBuffer.wrap(ChatBody.of(request)).asReadOnlyBuffer(),
                        Map.of("accept", "text/event-stream"),
                        InferCalls.within(
                                Context.current().getDeadline(),
                                InferCalls.deadlines(deadlines, request.hasDeadlines(), request.getDeadlines())),
                        ""));
    }

    private void start(ServerCallStreamObserver<?> out, Running running, Client client, Supplier<InferCall> call) {
        out.setOnReadyHandler(running::ready);
        out.setOnCancelHandler(running::cancel);
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
        running.begun(relay.infer(checked, client));
    }
}
