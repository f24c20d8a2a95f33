package dormouse.server.api;

import dormouse.server.control.Fleet;
import dormouse.server.fleet.StoreException;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/** Answers a call by one message, or by what prevents it. Stateless. */
final class Answers {
    private Answers() {}

    /** From memory: on the caller's thread. */
    static <T> void now(StreamObserver<T> response, Supplier<T> work) {
        T message;
        try {
            message = work.get();
        } catch (StatusRuntimeException e) {
            response.onError(e);
            return;
        } catch (StoreException e) {
            response.onError(Errors.of(Fleet.storeUnavailable()));
            return;
        }
        response.onNext(message);
        response.onCompleted();
    }

    /** From the store: on a thread that may wait for it. */
    static <T> void later(Executor blocking, StreamObserver<T> response, Supplier<T> work) {
        try {
            blocking.execute(() -> now(response, work));
        } catch (RejectedExecutionException e) {
            response.onError(Errors.of(Fleet.storeBusy()));
        }
    }
}
