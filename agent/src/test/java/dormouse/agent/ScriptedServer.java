package dormouse.agent;

import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.HeartbeatAck;
import dormouse.v1.LlmGrant;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import dormouse.v1.ServerMessage;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The server's part of the stream, played by a test: what the agent sends is queued for each stream, what it is answered
 * is scripted. In-process, with direct executors.
 */
final class ScriptedServer extends AgentServiceGrpc.AgentServiceImplBase implements ChannelSource, AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    final BlockingQueue<Peer> streams = new LinkedBlockingQueue<>();
    final List<String> authorizations = new ArrayList<>();
    /** How a registration is answered: a message, or null for silence. */
    volatile Function<Register, @Nullable ServerMessage> registrar = register -> granted(register, 64 * 1024);
    /** Ends each new stream, where it isn't null. */
    volatile @Nullable RuntimeException refusal;

    private final String name = InProcessServerBuilder.generateName();
    private final Server server;

    ScriptedServer() {
        try {
            server = InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .intercept(new ServerInterceptor() {
                        @Override
                        public <Q, A> ServerCall.Listener<Q> interceptCall(
                                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                            String bearer =
                                    headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER));
                            authorizations.add(bearer == null ? "" : bearer);
                            return next.startCall(call, headers);
                        }
                    })
                    .addService(this)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static ServerMessage granted(Register register, long window) {
        return ServerMessage.newBuilder()
                .setRegistered(registered(register, window))
                .build();
    }

    static Registered.Builder registered(Register register, long window) {
        Registered.Builder answer = Registered.newBuilder()
                .setSessionId(register.getSessionId().isEmpty() ? "session-1" : register.getSessionId())
                .setEpoch(1)
                .setResumed(!register.getSessionId().isEmpty())
                .setHeartbeatInterval(Spans.proto(java.time.Duration.ofSeconds(30)))
                .setHeartbeatTimeout(Spans.proto(java.time.Duration.ofSeconds(90)))
                .setWindowBytes(window)
                .setFrameBytes(16 * 1024);
        if (register.getSessionId().isEmpty()) {
            answer.setResumeToken(com.google.protobuf.ByteString.copyFromUtf8("token-1"));
        }
        register.getLlmsList()
                .forEach(offer -> answer.addGrants(LlmGrant.newBuilder()
                        .setName(offer.getSpec().getName())
                        .setOutcome(LlmGrant.Outcome.OUTCOME_CREATED)));
        return answer;
    }

    @Override
    public ManagedChannel open(Executor callbacks) {
        return InProcessChannelBuilder.forName(name).executor(callbacks).build();
    }

    @Override
    public String describe() {
        return name;
    }

    @Override
    public StreamObserver<AgentMessage> connect(StreamObserver<ServerMessage> out) {
        Peer peer = new Peer((ServerCallStreamObserver<ServerMessage>) out);
        streams.add(peer);
        RuntimeException refused = refusal;
        if (refused != null) {
            out.onError(refused);
        }
        return peer;
    }

    /** The next stream that the agent opens. */
    Peer accept() {
        return within(streams, "a stream");
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private static <T> T within(BlockingQueue<T> queue, String what) {
        try {
            T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("waited in vain for " + what);
            }
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** One stream, seen from the server. */
    final class Peer implements StreamObserver<AgentMessage> {
        final ServerCallStreamObserver<ServerMessage> out;
        final BlockingQueue<AgentMessage> received = new LinkedBlockingQueue<>();
        final CountDownLatch ended = new CountDownLatch(1);
        final CountDownLatch halfClosed = new CountDownLatch(1);
        /** Whether it has stopped to answer. */
        volatile boolean silent;

        Peer(ServerCallStreamObserver<ServerMessage> out) {
            this.out = out;
            out.setOnCancelHandler(ended::countDown);
        }

        @Override
        public void onNext(AgentMessage message) {
            received.add(message);
            if (silent) {
                return;
            }
            if (message.hasRegister()) {
                ServerMessage answer = registrar.apply(message.getRegister());
                if (answer != null) {
                    send(answer);
                }
            } else if (message.hasHeartbeat()) {
                send(ServerMessage.newBuilder()
                        .setHeartbeatAck(HeartbeatAck.newBuilder()
                                .setSeq(message.getHeartbeat().getSeq()))
                        .build());
            }
        }

        @Override
        public void onError(Throwable failure) {
            ended.countDown();
        }

        @Override
        public void onCompleted() {
            halfClosed.countDown();
            out.onCompleted();
            ended.countDown();
        }

        synchronized void send(ServerMessage message) {
            out.onNext(message);
        }

        synchronized void send(ServerMessage.Builder message) {
            out.onNext(message.build());
        }

        synchronized void fail(Throwable failure) {
            out.onError(failure);
        }

        /** The next message that is so; those before it are thrown away. */
        AgentMessage await(Predicate<AgentMessage> wanted, String what) {
            while (true) {
                AgentMessage next = within(received, what);
                if (wanted.test(next)) {
                    return next;
                }
            }
        }
    }
}
