package dormouse.cli;

import com.google.common.util.concurrent.ListenableFuture;
import dormouse.pem.Authorities;
import dormouse.pem.Identity;
import dormouse.pem.PemException;
import dormouse.v1.AdminServiceGrpc;
import dormouse.v1.AdminServiceGrpc.AdminServiceBlockingV2Stub;
import dormouse.v1.AdminServiceGrpc.AdminServiceFutureStub;
import dormouse.v1.InferenceServiceGrpc;
import dormouse.v1.InferenceServiceGrpc.InferenceServiceBlockingV2Stub;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.LlmServiceGrpc.LlmServiceBlockingV2Stub;
import dormouse.v1.LlmServiceGrpc.LlmServiceFutureStub;
import io.grpc.ChannelCredentials;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The one connection of a command, and how it waits for an answer: in short steps, so that the person sees what it
 * waits for, and never longer than {@link #CONNECT_TIMEOUT} for a server that does not even connect.
 *
 * <p>{@link #close} may be called by any thread; it cancels what is under way.
 */
final class Client implements AutoCloseable {
    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private static final long STEP_MILLIS = 200;
    /** A page of 1,000 Llms with long labels. */
    private static final int ANSWER_BYTES = 64 << 20;

    private final ManagedChannel channel;
    private final ServerAddress address;
    private long connectDeadline;

    private Client(ManagedChannel channel, ServerAddress address) {
        this.channel = channel;
        this.address = address;
        again();
    }

    /** Before a call that comes long after the one before it: connects anew without waiting, with the full time-out. */
    void again() {
        connectDeadline = System.nanoTime() + CONNECT_TIMEOUT.toNanos();
        channel.resetConnectBackoff();
    }

    static Client open(Connection connection) {
        ManagedChannelBuilder<?> builder = builder(connection)
                .userAgent("dormouse-cli/" + Version.number())
                .maxInboundMessageSize(ANSWER_BYTES)
                .keepAliveTime(30, TimeUnit.SECONDS)
                .keepAliveTimeout(10, TimeUnit.SECONDS)
                .directExecutor(); // nothing here blocks in a callback
        String token = connection.token();
        if (token != null) {
            if (!token.matches("[!-~]+")) {
                throw Failure.usage("the token has characters that no token has");
            }
            Metadata headers = new Metadata();
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
            builder.intercept(MetadataUtils.newAttachHeadersInterceptor(headers));
        }
        return new Client(builder.build(), connection.address());
    }

    private static ManagedChannelBuilder<?> builder(Connection connection) {
        ServerAddress address = connection.address();
        return Grpc.newChannelBuilderForAddress(address.host(), address.port(), credentials(connection));
    }

    private static ChannelCredentials credentials(Connection connection) {
        if (!connection.tls()) {
            return InsecureChannelCredentials.create();
        }
        TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
        try {
            if (connection.ca() != null) {
                Authorities.read(connection.ca(), Instant.now());
                tls.trustManager(connection.ca().toFile());
            }
            if (connection.cert() != null && connection.key() != null) {
                Identity.read(connection.cert(), connection.key(), Instant.now());
                tls.keyManager(connection.cert().toFile(), connection.key().toFile());
            }
        } catch (PemException e) {
            throw Failure.usage(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw Failure.usage("a TLS file cannot be read: " + e.getMessage());
        }
        return tls.build();
    }

    LlmServiceFutureStub llms() {
        return LlmServiceGrpc.newFutureStub(channel);
    }

    LlmServiceBlockingV2Stub llmStreams() {
        return LlmServiceGrpc.newBlockingV2Stub(channel);
    }

    InferenceServiceBlockingV2Stub inference() {
        return InferenceServiceGrpc.newBlockingV2Stub(channel);
    }

    AdminServiceBlockingV2Stub adminStreams() {
        return AdminServiceGrpc.newBlockingV2Stub(channel);
    }

    AdminServiceFutureStub admin() {
        return AdminServiceGrpc.newFutureStub(channel);
    }

    /**
     * The answer of a call.
     *
     * @param waiting is run every few hundred milliseconds until then
     */
    <T> T await(ListenableFuture<T> call, Runnable waiting) throws StatusException, InterruptedException {
        while (true) {
            try {
                return call.get(STEP_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                waiting.run();
                if (notConnected()) {
                    call.cancel(true);
                    throw silence();
                }
            } catch (ExecutionException e) {
                Status status = Status.fromThrowable(e);
                Metadata trailers = Status.trailersFromThrowable(e);
                throw trailers == null ? status.asException() : status.asException(trailers);
            }
        }
    }

    /** The next message of a stream, or null after its last. */
    <T> @Nullable T next(BlockingClientCall<?, T> call, Runnable waiting) throws StatusException, InterruptedException {
        while (true) {
            try {
                return call.read(STEP_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                waiting.run();
                if (notConnected()) {
                    call.cancel("no connection", null);
                    throw silence();
                }
            }
        }
    }

    private boolean notConnected() {
        return System.nanoTime() - connectDeadline > 0 && channel.getState(false) != ConnectivityState.READY;
    }

    private StatusException silence() {
        return Status.UNAVAILABLE
                .withDescription("no connection within " + Times.spoken(CONNECT_TIMEOUT))
                .asException();
    }

    ServerAddress address() {
        return address;
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    /** Lets the server hear of what {@link #close} has cancelled, for a moment at most. */
    void awaitClosed(Duration atMost) throws InterruptedException {
        channel.awaitTermination(atMost.toMillis(), TimeUnit.MILLISECONDS);
    }
}
