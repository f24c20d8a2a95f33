package dormouse.server.api;

import dormouse.form.BodyType;
import dormouse.server.auth.Caller;
import dormouse.server.auth.Visit;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.BodyAllowance;
import dormouse.server.relay.Client;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.InferCall;
import dormouse.server.relay.JsonRequest;
import dormouse.server.relay.Relay;
import dormouse.server.relay.Task;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatRequest;
import dormouse.v1.InferEvent;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Infers by gRPC: {@code Infer} passes bytes, {@code Chat} types them. Nothing here waits. */
public final class InferenceApi extends InferenceServiceGrpc.InferenceServiceImplBase {
    private final Relay relay;
    private final Deadlines deadlines;
    private final Executor reading;

    /** @param reading where a large body is read that alone says whom it is for */
    InferenceApi(Relay relay, Deadlines deadlines, Executor reading) {
        this.relay = relay;
        this.deadlines = deadlines;
        this.reading = reading;
    }

    @Override
    public void infer(InferRequest request, StreamObserver<InferEvent> response) {
        ServerCallStreamObserver<InferEvent> out = (ServerCallStreamObserver<InferEvent>) response;
        Running running = hold(out);
        BodyAllowance allowance = relay.allowance();
        Visit visit = Visits.current();
        Deadline deadline = Context.current().getDeadline();
        int toRead = request.getLlm().isEmpty() ? request.getInput().size() : 0;
        Supplier<InferCall> call = () -> call(request, visit.caller(), deadline);
        read(toRead, out, allowance, () -> start(out, visit, running, new InferClient(out), allowance, call));
    }

    /** Where the body is too large to be read in passing, on a thread that is there for that. */
    private void read(int bytes, StreamObserver<?> out, BodyAllowance allowance, Runnable start) {
        if (bytes <= JsonRequest.READ_AT_ONCE) {
            start.run();
            return;
        }
        Failure refusal = allowance.hold(bytes);
        if (refusal == null) {
            try {
                reading.execute(start);
                return;
            } catch (RejectedExecutionException e) {
                refusal = Failure.retry(
                        Reason.OVERLOADED,
                        "too many large bodies are being read; an Infer that names its llm is not read here",
                        Duration.ofSeconds(1));
            }
        }
        allowance.release();
        out.onError(Errors.of(refusal));
    }

    private InferCall call(InferRequest request, Caller caller, @Nullable Deadline deadline) {
        String type = request.getContentType().isEmpty() ? "application/json" : request.getContentType();
        String wrong = BodyType.wrong(type, request.getInput().isEmpty());
        if (wrong != null) {
            throw Errors.of(Reason.MALFORMED, "content_type: " + wrong);
        }
        LlmName llm =
                request.getLlm().isEmpty() ? ModelField.of(request.getInput(), type) : LlmApi.name(request.getLlm());
        return new InferCall(
                Visits.usable(llm, caller),
                request.getPath().isEmpty() ? "chat/completions" : request.getPath(),
                type,
                request.getInput().asReadOnlyByteBuffer(),
                InferCalls.headers(request.getHeadersMap()),
                InferCalls.within(
                        deadline, InferCalls.deadlines(deadlines, request.hasDeadlines(), request.getDeadlines())),
                caller.id());
    }

    @Override
    public void chat(ChatRequest request, StreamObserver<ChatEvent> response) {
        ServerCallStreamObserver<ChatEvent> out = (ServerCallStreamObserver<ChatEvent>) response;
        Visit visit = Visits.current();
        Running running = hold(out);
        BodyAllowance allowance = relay.allowance();
        Deadline deadline = Context.current().getDeadline();
        ChatClient client = new ChatClient(out, running::cancel);
        Supplier<InferCall> call = () -> call(request, visit.caller(), deadline, allowance);
        read(request.getSerializedSize(), out, allowance, () -> start(out, visit, running, client, allowance, call));
    }

    private InferCall call(ChatRequest request, Caller caller, @Nullable Deadline deadline, BodyAllowance allowance) {
        LlmName llm = Visits.usable(LlmApi.name(request.getLlm()), caller);
        return new InferCall(
                llm,
                "chat/completions",
                "application/json",
                ByteBuffer.wrap(ChatBody.of(request, allowance)).asReadOnlyBuffer(),
                Map.of("accept", "text/event-stream"),
                InferCalls.within(
                        deadline, InferCalls.deadlines(deadlines, request.hasDeadlines(), request.getDeadlines())),
                caller.id());
    }

    private static Running hold(ServerCallStreamObserver<?> out) {
        Running running = new Running();
        out.setOnReadyHandler(running::ready);
        out.setOnCancelHandler(running::cancel);
        return running;
    }

    private void start(
            ServerCallStreamObserver<?> out,
            Visit visit,
            Running running,
            Client client,
            BodyAllowance allowance,
            Supplier<InferCall> call) {
        InferCall checked;
        try {
            checked = call.get();
        } catch (StatusRuntimeException e) {
            allowance.release();
            out.onError(e);
            return;
        } catch (ArithmeticException e) {
            allowance.release();
            out.onError(Errors.of(Reason.MALFORMED, "deadlines: beyond what a duration can be"));
            return;
        } catch (RuntimeException | Error e) { // whatever it is, nothing is held for it, and its caller hears of it
            allowance.release();
            out.onError(Errors.of(Reason.INTERNAL, "the request could not be read"));
            throw e;
        }
        Failure ended = visit.ended();
        if (ended != null) { // while its body was read
            allowance.release();
            out.onError(Errors.of(ended));
            return;
        }
        Task task = relay.infer(checked, allowance, client);
        running.begun(task);
        visit.whenEnded(task::fail);
    }
}
