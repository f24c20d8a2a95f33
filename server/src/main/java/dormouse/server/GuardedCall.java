package dormouse.server;

import dormouse.server.api.Api;
import dormouse.server.auth.Visit;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/**
 * A call that was let in, and that ends when its credential does, whatever it waits for then: for its client, for the database,
 * or for its own message, after which nothing is done any more. What answers it may go on answering; nobody hears it. Any thread.
 */
final class GuardedCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final Visit visit;
    private boolean closed; // under this

    GuardedCall(ServerCall<Q, A> call, Visit visit) {
        super(call);
        this.visit = visit;
    }

    /** Ends it, unless it has ended. */
    void end(Failure why) {
        StatusRuntimeException refusal = Api.refusal(why);
        Metadata trailers = refusal.getTrailers();
        close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
        if (!closed) {
            super.sendHeaders(headers);
        }
    }

    @Override
    public synchronized void sendMessage(A message) {
        if (!closed) {
            super.sendMessage(message);
        }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
        if (!closed) {
            closed = true;
            super.close(status, trailers);
        }
    }

    /**
     * What hears the call.
     *
     * @param patience how long the client may take over its first message
     * @param over runs when the call is
     */
    ServerCall.Listener<Q> heardBy(ServerCall.Listener<Q> listener, Duration patience, Time time, Runnable over) {
        Time.Alarm late = time.after(
                patience,
                () -> end(Failure.of(
                        Reason.MALFORMED,
                        "the request's message was not whole within " + patience.toSeconds() + " s")));
        return new SimpleForwardingServerCallListener<>(listener) {
            @Override
            public void onMessage(Q message) {
                late.cancel();
                if (visit.ended() == null) {
                    super.onMessage(message);
                }
            }

            @Override
            public void onHalfClose() {
                late.cancel();
                if (visit.ended() == null) {
                    super.onHalfClose();
                }
            }

            @Override
            public void onComplete() {
                end(super::onComplete);
            }

            @Override
            public void onCancel() {
                end(super::onCancel);
            }

            /** One of the two always comes, and is the last. */
            private void end(Runnable last) {
                late.cancel();
                try {
                    last.run();
                } finally {
                    over.run();
                }
            }
        };
    }
}
