package dormouse.server;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.Finished;
import dormouse.v1.InferEvent;
import dormouse.v1.InferHead;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.Phase;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client's infer that keeps all that it is told. */
public final class InferProbe {
    private final List<InferEvent> events = new ArrayList<>();
    private @Nullable ClientCallStreamObserver<InferRequest> call;
    private volatile @Nullable Throwable error;
    private volatile boolean completed;

    InferProbe(InferenceServiceGrpc.InferenceServiceStub stub, InferRequest request, int messages) {
        stub.infer(request, new ClientResponseObserver<InferRequest, InferEvent>() {
            @Override
            public void beforeStart(ClientCallStreamObserver<InferRequest> stream) {
                call = stream;
                stream.disableAutoRequestWithInitial(messages);
            }

            @Override
            public void onNext(InferEvent event) {
                synchronized (InferProbe.this) {
                    events.add(event);
                }
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

    /** Takes so many messages more. */
    public void take(int messages) {
        stream().request(messages);
    }

    public void cancel() {
        stream().cancel("the test's client leaves", null);
    }

    private ClientCallStreamObserver<InferRequest> stream() {
        if (call == null) {
            throw new IllegalStateException("not started");
        }
        return call;
    }

    public synchronized List<InferEvent> events() {
        return List.copyOf(events);
    }

    public List<Phase.Kind> phases() {
        return events().stream()
                .filter(InferEvent::hasPhase)
                .map(event -> event.getPhase().getKind())
                .toList();
    }

    public @Nullable InferHead head() {
        return events().stream()
                .filter(InferEvent::hasHead)
                .map(InferEvent::getHead)
                .findFirst()
                .orElse(null);
    }

    public ByteString bytes() {
        return events().stream()
                .filter(InferEvent::hasChunk)
                .map(InferEvent::getChunk)
                .reduce(ByteString.EMPTY, ByteString::concat);
    }

    public String text() {
        return bytes().toStringUtf8();
    }

    public @Nullable Finished finished() {
        return events().stream()
                .filter(InferEvent::hasFinished)
                .map(InferEvent::getFinished)
                .findFirst()
                .orElse(null);
    }

    /** The reason with which it failed; empty while it has not. */
    public String reason() {
        return error == null ? "" : Problems.reason(error);
    }

    public Status.@Nullable Code code() {
        return error == null ? null : Status.fromThrowable(error).getCode();
    }

    public @Nullable Duration retryAfter() {
        return error == null
                ? null
                : Problems.of(error).flatMap(Problems::retryAfter).orElse(null);
    }

    /** What a person is told of its failure. */
    public String message() {
        return error == null ? "" : String.valueOf(Status.fromThrowable(error).getDescription());
    }

    public boolean completed() {
        return completed;
    }

    public boolean over() {
        return completed || error != null;
    }
}
