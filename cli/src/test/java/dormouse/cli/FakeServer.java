package dormouse.cli;

import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.BackupRequest;
import dormouse.v1.BackupResponse;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatRequest;
import dormouse.v1.CreateLlmRequest;
import dormouse.v1.CreateTokenRequest;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.DeleteLlmRequest;
import dormouse.v1.DeleteLlmResponse;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.ListAgentsRequest;
import dormouse.v1.ListAgentsResponse;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.ListLlmEventsResponse;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListLlmsResponse;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.ListTokensResponse;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.RevokeTokenRequest;
import dormouse.v1.RevokeTokenResponse;
import dormouse.v1.SleepLlmRequest;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.SumUsageResponse;
import dormouse.v1.WakeLlmRequest;
import dormouse.v1.WakeProgress;
import dormouse.v1.WatchLlmsRequest;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;

/** A server on a free port that answers each call as the test has scripted it, and remembers what it was asked. */
final class FakeServer implements AutoCloseable {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** Answers one call. */
    interface Script<Q, A> extends BiConsumer<Q, StreamObserver<A>> {}

    final Queue<Object> requests = new ConcurrentLinkedQueue<>();
    final LinkedBlockingQueue<String> authorizations = new LinkedBlockingQueue<>();
    final CountDownLatch cancelled = new CountDownLatch(1);

    volatile Script<ListLlmsRequest, ListLlmsResponse> list = unscripted();
    volatile Script<GetLlmRequest, Llm> get = unscripted();
    volatile Script<ListLlmEventsRequest, ListLlmEventsResponse> events = unscripted();
    volatile Script<WakeLlmRequest, WakeProgress> wake = unscripted();
    volatile Script<SleepLlmRequest, Llm> sleep = unscripted();
    volatile Script<CreateLlmRequest, Llm> create = unscripted();
    volatile Script<DeleteLlmRequest, DeleteLlmResponse> delete = unscripted();
    volatile Script<ChatRequest, ChatEvent> chat = unscripted();
    volatile Script<ListAgentsRequest, ListAgentsResponse> agents = unscripted();

    volatile Script<SumUsageRequest, SumUsageResponse> usage = unscripted();
    volatile Script<BackupRequest, BackupResponse> backup = unscripted();
    volatile Script<CreateTokenRequest, CreateTokenResponse> createToken = unscripted();
    volatile Script<ListTokensRequest, ListTokensResponse> tokens = unscripted();
    volatile Script<RevokeTokenRequest, RevokeTokenResponse> revokeToken = unscripted();

    /** One script for each watch that is opened, in order. */
    final Queue<Script<WatchLlmsRequest, LlmEvent>> watches = new ConcurrentLinkedQueue<>();

    private final Server server;

    FakeServer() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .intercept(new Remember())
                .addService(new Llms())
                .addService(new Inference())
                .addService(new Admin())
                .build()
                .start();
    }

    String address() {
        return "localhost:" + server.getPort();
    }

    /** The one request that was made, of the kind that the test expects. */
    <Q> Q only(Class<Q> type) {
        List<Q> found =
                requests.stream().filter(type::isInstance).map(type::cast).toList();
        if (found.size() != 1) {
            throw new AssertionError("expected one " + type.getSimpleName() + ", got " + requests);
        }
        return found.get(0);
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    @SafeVarargs
    static <Q, A> Script<Q, A> answers(A... answers) {
        return (request, observer) -> {
            for (A answer : answers) {
                observer.onNext(answer);
            }
            observer.onCompleted();
        };
    }

    static <Q, A> Script<Q, A> fails(Throwable problem) {
        return (request, observer) -> observer.onError(problem);
    }

    private static <Q, A> Script<Q, A> unscripted() {
        return fails(io.grpc.Status.UNIMPLEMENTED.asRuntimeException());
    }

    private <Q, A> void play(Script<Q, A> script, Q request, StreamObserver<A> observer) {
        requests.add(request);
        ((ServerCallStreamObserver<A>) observer).setOnCancelHandler(cancelled::countDown);
        script.accept(request, observer);
    }

    private final class Llms extends LlmServiceGrpc.LlmServiceImplBase {
        @Override
        public void listLlms(ListLlmsRequest request, StreamObserver<ListLlmsResponse> observer) {
            play(list, request, observer);
        }

        @Override
        public void getLlm(GetLlmRequest request, StreamObserver<Llm> observer) {
            play(get, request, observer);
        }

        @Override
        public void listLlmEvents(ListLlmEventsRequest request, StreamObserver<ListLlmEventsResponse> observer) {
            play(events, request, observer);
        }

        @Override
        public void watchLlms(WatchLlmsRequest request, StreamObserver<LlmEvent> observer) {
            Script<WatchLlmsRequest, LlmEvent> script = watches.poll();
            play(script == null ? unscripted() : script, request, observer);
        }

        @Override
        public void wakeLlm(WakeLlmRequest request, StreamObserver<WakeProgress> observer) {
            play(wake, request, observer);
        }

        @Override
        public void createLlm(CreateLlmRequest request, StreamObserver<Llm> observer) {
            play(create, request, observer);
        }

        @Override
        public void deleteLlm(DeleteLlmRequest request, StreamObserver<DeleteLlmResponse> observer) {
            play(delete, request, observer);
        }

        @Override
        public void sleepLlm(SleepLlmRequest request, StreamObserver<Llm> observer) {
            play(sleep, request, observer);
        }
    }

    private final class Inference extends InferenceServiceGrpc.InferenceServiceImplBase {
        @Override
        public void chat(ChatRequest request, StreamObserver<ChatEvent> observer) {
            play(chat, request, observer);
        }
    }

    private final class Admin extends AdminServiceGrpc.AdminServiceImplBase {
        @Override
        public void listAgents(ListAgentsRequest request, StreamObserver<ListAgentsResponse> observer) {
            play(agents, request, observer);
        }

        @Override
        public void sumUsage(SumUsageRequest request, StreamObserver<SumUsageResponse> observer) {
            play(usage, request, observer);
        }

        @Override
        public void backup(BackupRequest request, StreamObserver<BackupResponse> observer) {
            play(backup, request, observer);
        }

        @Override
        public void createToken(CreateTokenRequest request, StreamObserver<CreateTokenResponse> observer) {
            play(createToken, request, observer);
        }

        @Override
        public void listTokens(ListTokensRequest request, StreamObserver<ListTokensResponse> observer) {
            play(tokens, request, observer);
        }

        @Override
        public void revokeToken(RevokeTokenRequest request, StreamObserver<RevokeTokenResponse> observer) {
            play(revokeToken, request, observer);
        }
    }

    private final class Remember implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            String authorization = headers.get(AUTHORIZATION);
            authorizations.add(authorization == null ? "" : authorization);
            return next.startCall(call, headers);
        }
    }
}
