package dormouse.server;

import dormouse.server.control.Unread;
import io.grpc.BindableService;
import io.grpc.ServerBuilder;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The gRPC door: the services behind it, health and reflection. Nothing that a call does
 * waits, so calls are done on the transport's own threads: a hop would cost more than the work.
 */
final class GrpcDoor implements AutoCloseable {
    private static final int BESIDE_THE_BODY = 1 << 20;

    private final HealthStatusManager health = new HealthStatusManager();
    private final Unread unread = Unread.ofThisProcess();
    private final GrpcInput input;
    private final io.grpc.Server server;

    /**
     * Opens it; when this returns, calls are served.
     *
     * @param address where the transport is to be reached, for who reads that it can't be had
     */
    GrpcDoor(ServerBuilder<?> transport, String address, long requestBytes, List<BindableService> services)
            throws IOException {
        int largest = (int) Math.min(requestBytes + BESIDE_THE_BODY, Integer.MAX_VALUE);
        transport.directExecutor().maxInboundMessageSize(largest);
        input = new GrpcInput(largest, Math.max(largest, Runtime.getRuntime().maxMemory() / 4));
        GrpcAnswers answers = new GrpcAnswers(unread);
        transport.addTransportFilter(answers).intercept(answers).addStreamTracerFactory(input);
        services.forEach(transport::addService);
        transport.addService(health.getHealthService());
        transport.addService(ProtoReflectionServiceV1.newInstance());
        try {
            server = transport.build().start();
        } catch (IOException e) {
            throw new IOException("grpc.address " + address + " can't be had", e.getCause() == null ? e : e.getCause());
        }
    }

    /** What it serves; for tests. */
    List<ServerServiceDefinition> services() {
        return server.getServices();
    }

    /** What has come of messages that are not whole, in bytes. */
    long halves() {
        return input.all();
    }

    /** Answers that its clients have not read. */
    Unread unread() {
        return unread;
    }

    int port() {
        return server.getPort();
    }

    /** Health says so from now on, for good; calls are served still. */
    void sayNotServing() {
        health.enterTerminalState();
    }

    /** Waits until the door has closed. */
    void awaitEnd() throws InterruptedException {
        server.awaitTermination();
    }

    @Override
    public void close() throws InterruptedException {
        sayNotServing();
        server.shutdown();
        if (!server.awaitTermination(1, TimeUnit.SECONDS)) {
            server.shutdownNow();
            server.awaitTermination(5, TimeUnit.SECONDS);
        }
    }
}
