package dormouse.server;

import com.google.protobuf.MessageLite;
import dormouse.server.control.Unread;
import dormouse.server.fleet.Failure;
import io.grpc.Attributes;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the answers that gRPC's clients leave unread: gRPC itself takes every one, whether its stream's window has room for it
 * or not, and a connection may have 10,000 calls. Any thread.
 */
final class GrpcAnswers extends ServerTransportFilter implements ServerInterceptor {
    private static final Attributes.Key<Unread.Connection> CONNECTION = Attributes.Key.create("unread");

    private final Unread unread;

    GrpcAnswers(Unread unread) {
        this.unread = unread;
    }

    @Override
    public Attributes transportReady(Attributes attributes) {
        return attributes.toBuilder()
                .set(CONNECTION, unread.connection())
                .set(GrpcGuard.FREE_CALLS, new AtomicInteger())
                .build();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Unread.Connection connection = call.getAttributes().get(CONNECTION);
        if (connection == null || !call.getMethodDescriptor().getType().serverSendsOneMessage()) {
            return next.startCall(call, headers);
        }
        Failure why = connection.refusal();
        if (why != null) {
            return GrpcGuard.refuse(call, why);
        }
        OneAnswer<Q, A> counted = new OneAnswer<>(call, connection);
        return new Ends<>(next.startCall(counted, headers), counted);
    }

    private static final class OneAnswer<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private final Unread.Connection connection;
        private long bytes; // both under this
        private boolean over;

        OneAnswer(ServerCall<Q, A> call, Unread.Connection connection) {
            super(call);
            this.connection = connection;
        }

        @Override
        public void sendMessage(A message) {
            synchronized (this) {
                if (!over && bytes == 0) {
                    bytes = message instanceof MessageLite known ? known.getSerializedSize() : 0;
                    connection.answered(bytes);
                }
            }
            super.sendMessage(message);
        }

        synchronized void over() {
            if (!over) {
                over = true;
                connection.taken(bytes);
            }
        }
    }

    /** One of the two always comes: the first when the last byte has left. */
    private static final class Ends<Q> extends SimpleForwardingServerCallListener<Q> {
        private final OneAnswer<?, ?> answer;

        Ends(ServerCall.Listener<Q> listener, OneAnswer<?, ?> answer) {
            super(listener);
            this.answer = answer;
        }

        @Override
        public void onComplete() {
            answer.over();
            super.onComplete();
        }

        @Override
        public void onCancel() {
            answer.over();
            super.onCancel();
        }
    }
}
