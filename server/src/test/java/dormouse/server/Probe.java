package dormouse.server;

import dormouse.contract.Problems;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A client of a server-streaming call that keeps all that it is told. */
public final class Probe<T> {
    private final List<T> heard = new ArrayList<>();
    private @Nullable ClientCallStreamObserver<?> call;
    private volatile @Nullable Throwable error;
    private volatile boolean completed;

    /**
     * @param messages that it takes unasked
     * @param start begins the call with the ears given
     */
    Probe(int messages, Consumer<StreamObserver<T>> start) {
        start.accept(new ClientResponseObserver<Object, T>() {
            @Override
            public void beforeStart(ClientCallStreamObserver<Object> stream) {
                call = stream;
                stream.disableAutoRequestWithInitial(messages);
            }

            @Override
            public void onNext(T message) {
                synchronized (heard) {
                    heard.add(message);
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

    public List<T> heard() {
        synchronized (heard) {
            return List.copyOf(heard);
        }
    }

    /** What it has heard since this was last asked, or ever. */
    public List<T> take() {
        synchronized (heard) {
            List<T> taken = List.copyOf(heard);
            heard.clear();
            return taken;
        }
    }

    /** Takes so many messages more. */
    public void request(int messages) {
        stream().request(messages);
    }

    public void cancel() {
        stream().cancel("the test's client leaves", null);
    }

    private ClientCallStreamObserver<?> stream() {
        if (call == null) {
            throw new IllegalStateException("not started");
        }
        return call;
    }

    /** The reason with which it failed; empty while it has not. */
    public String reason() {
        Throwable failure = error;
        return failure == null ? "" : Problems.reason(failure);
    }

    public Status.@Nullable Code code() {
        Throwable failure = error;
        return failure == null ? null : Status.fromThrowable(failure).getCode();
    }

    public @Nullable Duration retryAfter() {
        Throwable failure = error;
        return failure == null
                ? null
                : Problems.of(failure).flatMap(Problems::retryAfter).orElse(null);
    }

    public boolean completed() {
        return completed;
    }

    /** Whether the call goes on. */
    public boolean open() {
        return error == null && !completed;
    }
}
