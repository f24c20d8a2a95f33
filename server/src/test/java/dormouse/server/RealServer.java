package dormouse.server;

import dormouse.settings.Settings;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A whole server on a real port, with threads and a clock of its own; its database is in memory. */
public final class RealServer implements AutoCloseable {
    // It warns, with a stack, of each client that leaves in the middle of an answer.
    private static final Logger TRANSPORT = Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");

    static {
        TRANSPORT.setLevel(Level.SEVERE);
    }

    private final Server server;
    private final ConcurrentLinkedQueue<ManagedChannel> channels = new ConcurrentLinkedQueue<>();

    private RealServer(Server server) {
        this.server = server;
    }

    /** @param sets keys and values, as {@code --set} has them */
    public static RealServer start(String... sets) {
        Settings settings = Settings.empty("test")
                .set("database.url", "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", "test")
                .set("grpc.address", "127.0.0.1:0", "test")
                .set("http.address", "127.0.0.1:0", "test");
        for (String set : sets) {
            int equals = set.indexOf('=');
            settings = settings.set(set.substring(0, equals), set.substring(equals + 1), "test");
        }
        try {
            return new RealServer(Server.start(ServerConfig.of(settings)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Server server() {
        return server;
    }

    public int port() {
        return server.grpcPort();
    }

    /** A new connection. */
    public ManagedChannel channel() {
        return channelTo(port());
    }

    /** A new connection to a port of this machine. */
    public ManagedChannel channelTo(int port) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .flowControlWindow(1 << 16)
                .build();
        channels.add(channel);
        return channel;
    }

    public ScriptedAgent agent(String name) {
        return new ScriptedAgent(name, AgentServiceGrpc.newStub(channel()));
    }

    public InferProbe infer(String llm, String path) {
        return new InferProbe(
                InferenceServiceGrpc.newStub(channel()),
                InferRequest.newBuilder().setLlm(llm).setPath(path).build(),
                Integer.MAX_VALUE);
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        channels.forEach(channel -> {
            try {
                channel.awaitTermination(5, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.close();
    }
}
