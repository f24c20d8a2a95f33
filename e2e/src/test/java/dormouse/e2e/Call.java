package dormouse.e2e;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.InferEvent;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A client's infer, as it goes. */
final class Call {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<String> phases = new CopyOnWriteArrayList<>();
    private final CompletableFuture<String> end = new CompletableFuture<>();
    private final CompletableFuture<Void> firstByte = new CompletableFuture<>();
    private volatile int status;
    private volatile String contentType = "";
    private volatile String failure = "";
    private volatile @Nullable ClientCallStreamObserver<InferRequest> stream;

    private Call() {}

    static Call start(InferenceServiceGrpc.InferenceServiceStub stub, String llm, String body) {
        return start(stub, llm, body, Integer.MAX_VALUE);
    }

    /** @param messages that it reads; it never asks for more */
    static Call start(InferenceServiceGrpc.InferenceServiceStub stub, String llm, String body, int messages) {
        return start(
                stub,
                InferRequest.newBuilder()
                        .setLlm(llm)
                        .setInput(ByteString.copyFromUtf8(body))
                        .build(),
                messages);
    }

    static Call start(InferenceServiceGrpc.InferenceServiceStub stub, InferRequest request, int messages) {
        Call call = new Call();
        stub.infer(request, new ClientResponseObserver<InferRequest, InferEvent>() {
            @Override
            public void beforeStart(ClientCallStreamObserver<InferRequest> started) {
                call.stream = started;
                started.disableAutoRequestWithInitial(messages);
            }

            @Override
            public void onNext(InferEvent event) {
                call.hear(event);
            }

            @Override
            public void onError(Throwable failure) {
                call.failure = failure.toString();
                String reason = Problems.reason(failure);
                call.end.complete(reason.isEmpty() ? failure.toString() : reason);
            }

            @Override
            public void onCompleted() {
                call.end.complete("OK");
            }
        });
        return call;
    }

    private void hear(InferEvent event) {
        if (event.hasPhase()) {
            phases.add(event.getPhase().getKind().name());
        }
        if (event.hasHead()) {
            status = event.getHead().getStatus();
            contentType = event.getHead().getContentType();
        }
        if (event.hasChunk()) {
            synchronized (bytes) {
                bytes.writeBytes(event.getChunk().toByteArray());
            }
            firstByte.complete(null);
        }
    }

    void cancel() {
        ClientCallStreamObserver<InferRequest> started = stream;
        if (started != null) {
            started.cancel("the test's client leaves", null);
        }
    }

    /** {@code OK}, or the reason. */
    String end() {
        return end.orTimeout(90, java.util.concurrent.TimeUnit.SECONDS).join();
    }

    boolean over() {
        return end.isDone();
    }

    void awaitFirstByte() {
        firstByte.orTimeout(60, java.util.concurrent.TimeUnit.SECONDS).join();
    }

    boolean firstByteThere() {
        return firstByte.isDone();
    }

    byte[] bytes() {
        synchronized (bytes) {
            return bytes.toByteArray();
        }
    }

    String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    int status() {
        return status;
    }

    String contentType() {
        return contentType;
    }

    List<String> phases() {
        return phases;
    }

    /** For the messages of assertions. */
    @Override
    public String toString() {
        return "call: status " + status + ", phases " + phases + ", " + bytes().length + " bytes, " + failure;
    }
}
