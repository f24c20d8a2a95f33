package dormouse.server;

import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.InferenceServiceGrpc;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds what is kept of request messages that have not come whole: gRPC has one bound for all methods, which has to leave room for
 * the largest body, and keeps as many halves as there are calls, before anybody has looked who they are from. A call that goes
 * beyond ends with RESOURCE_EXHAUSTED. The transport's threads.
 */
final class GrpcInput extends ServerStreamTracer.Factory {
    private static final long SMALL = 64 << 10;
    private static final Map<String, Long> SERVICES = Map.of(
            "grpc.health.v1.Health", 4L << 10,
            "grpc.reflection.v1.ServerReflection", 4L << 10);
    private static final Set<String> LARGE = Set.of(
            InferenceServiceGrpc.getInferMethod().getFullMethodName(),
            InferenceServiceGrpc.getChatMethod().getFullMethodName(),
            AgentServiceGrpc.getConnectMethod().getFullMethodName());

    private final long large;
    private final long mostOfAll;
    private final AtomicLong all = new AtomicLong();

    /**
     * @param large of one message where it may hold a body, or all that an agent publishes
     * @param mostOfAll of all that are not whole
     */
    GrpcInput(long large, long mostOfAll) {
        this.large = large;
        this.mostOfAll = mostOfAll;
    }

    /** What is kept, in bytes. */
    long all() {
        return all.get();
    }

    private long most(String method) {
        if (LARGE.contains(method)) {
            return large;
        }
        return SERVICES.getOrDefault(method.substring(0, Math.max(0, method.lastIndexOf('/'))), SMALL);
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        long most = most(fullMethodName);
        return new ServerStreamTracer() {
            private long kept; // by the transport's thread for this call

            @Override
            public void inboundWireSize(long bytes) {
                kept += bytes;
                long together = all.addAndGet(bytes);
                if (kept > most) {
                    throw refusal("a message of more than " + most + " bytes");
                }
                if (together > mostOfAll) {
                    throw refusal("more than " + mostOfAll + " bytes of messages that are not whole yet");
                }
            }

            @Override
            public void inboundMessageRead(int number, long wireSize, long size) {
                whole();
            }

            @Override
            public void streamClosed(Status status) {
                whole();
            }

            private void whole() {
                all.addAndGet(-kept);
                kept = 0;
            }
        };
    }

    private static StatusRuntimeException refusal(String what) {
        return Status.RESOURCE_EXHAUSTED.withDescription(what).asRuntimeException();
    }
}
