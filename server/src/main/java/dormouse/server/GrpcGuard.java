package dormouse.server;

import dormouse.server.api.Api;
import dormouse.server.auth.Gate;
import dormouse.server.auth.Right;
import dormouse.server.auth.Secrets;
import dormouse.server.auth.Visit;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.link.AgentLink;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.LlmServiceGrpc;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands in front of every call of the gRPC door: looks who it is before a message is read, hands the visit to what answers,
 * and closes it when the call is over. What is not in its list is for nobody but an ADMIN. Any thread.
 */
final class GrpcGuard implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** Health answers to everybody; reflection says no more than proto/ does, but to callers alone. */
    private static final Map<String, Right> SERVICES =
            Map.of("grpc.health.v1.Health", Right.NOTHING, "grpc.reflection.v1.ServerReflection", Right.A_TOKEN);

    private static final Map<String, Right> CALLS = calls();
    private static final Set<String> TASKS = Set.of(
            InferenceServiceGrpc.getInferMethod().getFullMethodName(),
            InferenceServiceGrpc.getChatMethod().getFullMethodName());

    /** How many calls a connection has open that nobody asks a token for. */
    static final Attributes.Key<AtomicInteger> FREE_CALLS = Attributes.Key.create("free-calls");

    private static final int MOST_FREE_CALLS = 16;

    /** A body of the largest size, by a line of 2 Mbit/s. */
    private static final Duration BODY_WITHIN = Duration.ofMinutes(2);

    private static final Duration MESSAGE_WITHIN = Duration.ofSeconds(30);

    private final Gate gate;
    private final Time time;

    GrpcGuard(Gate gate, Time time) {
        this.gate = gate;
        this.time = time;
    }

    private static Map<String, Right> calls() {
        Map<String, Right> calls = new HashMap<>();
        for (MethodDescriptor<?, ?> use : new MethodDescriptor<?, ?>[] {
            LlmServiceGrpc.getGetLlmMethod(),
            LlmServiceGrpc.getListLlmsMethod(),
            LlmServiceGrpc.getWatchLlmsMethod(),
            LlmServiceGrpc.getListLlmEventsMethod(),
            LlmServiceGrpc.getWakeLlmMethod(),
            LlmServiceGrpc.getSleepLlmMethod(),
            InferenceServiceGrpc.getInferMethod(),
            InferenceServiceGrpc.getChatMethod(),
            AdminServiceGrpc.getSumUsageMethod() // of its own tasks
        }) {
            calls.put(use.getFullMethodName(), Right.USE);
        }
        calls.put(AgentServiceGrpc.getConnectMethod().getFullMethodName(), Right.PUBLISH);
        return Map.copyOf(calls);
    }

    static Right right(MethodDescriptor<?, ?> method) {
        Right ofService = SERVICES.get(String.valueOf(method.getServiceName()));
        return ofService != null ? ofService : CALLS.getOrDefault(method.getFullMethodName(), Right.ADMINISTER);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        MethodDescriptor<Q, A> method = call.getMethodDescriptor();
        String secret = Secrets.shown(headers.get(AUTHORIZATION), null);
        headers.removeAll(AUTHORIZATION); // nobody behind this needs it
        Right right = right(method);
        AtomicInteger free = right == Right.NOTHING ? call.getAttributes().get(FREE_CALLS) : null;
        if (free != null && free.get() >= MOST_FREE_CALLS) {
            return refuse(
                    call,
                    Failure.of(
                            Reason.OVERLOADED,
                            "a connection may have " + MOST_FREE_CALLS + " calls at a time that take no token"));
        }
        Gate.Answer answer = gate.enter(secret, right, address(call), time.now(), time.nanos());
        if (answer instanceof Gate.Out out) {
            return refuse(call, out.why());
        }
        Visit visit = ((Gate.In) answer).visit();
        boolean task = TASKS.contains(method.getFullMethodName());
        Failure tooMany = task ? visit.beginTask() : null;
        if (tooMany != null) {
            visit.close();
            return refuse(call, tooMany);
        }
        Context context = Context.current().withValues(Api.VISIT, visit, AgentLink.VISIT, visit);
        GuardedCall<Q, A> guarded = new GuardedCall<>(call, visit);
        visit.whenEnded(guarded::end); // until what answers it knows a better end
        try {
            ServerCall.Listener<Q> listener = Contexts.interceptCall(context, guarded, headers, next);
            if (free != null) {
                free.incrementAndGet();
            }
            return guarded.heardBy(listener, task ? BODY_WITHIN : MESSAGE_WITHIN, time, () -> {
                visit.close();
                if (free != null) {
                    free.decrementAndGet();
                }
            });
        } catch (RuntimeException e) {
            visit.close();
            throw e;
        }
    }

    static <Q> ServerCall.Listener<Q> refuse(ServerCall<Q, ?> call, Failure why) {
        StatusRuntimeException refusal = Api.refusal(why);
        Metadata trailers = refusal.getTrailers();
        call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
        return new ServerCall.Listener<>() {};
    }

    /** Without its port, which says nothing of who it is. */
    private static String address(ServerCall<?, ?> call) {
        SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
        return address instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress().getHostAddress()
                : "in-process";
    }
}
