package dormouse.server;

import dormouse.server.api.Api;
import dormouse.server.auth.Gate;
import dormouse.server.auth.Right;
import dormouse.server.auth.Secrets;
import dormouse.server.auth.Visit;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.link.AgentLink;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.LlmServiceGrpc;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

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
        Gate.Answer answer = gate.enter(secret, right(method), address(call), time.now(), time.nanos());
        if (answer instanceof Gate.Out out) {
            return refuse(call, out.why());
        }
        Visit visit = ((Gate.In) answer).visit();
        Failure tooMany = TASKS.contains(method.getFullMethodName()) ? visit.beginTask() : null;
        if (tooMany != null) {
            visit.close();
            return refuse(call, tooMany);
        }
        Context context = Context.current().withValues(Api.VISIT, visit, AgentLink.VISIT, visit);
        try {
            return new Closing<>(Contexts.interceptCall(context, call, headers, next), visit);
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

    /** One of the two always comes, and is the last. */
    private static final class Closing<Q> extends SimpleForwardingServerCallListener<Q> {
        private final Visit visit;

        Closing(ServerCall.Listener<Q> listener, Visit visit) {
            super(listener);
            this.visit = visit;
        }

        @Override
        public void onComplete() {
            try {
                super.onComplete();
            } finally {
                visit.close();
            }
        }

        @Override
        public void onCancel() {
            try {
                super.onCancel();
            } finally {
                visit.close();
            }
        }
    }
}
