package dormouse.server.door;

import dormouse.server.auth.Gate;
import dormouse.server.auth.Right;
import dormouse.server.control.ConnectionLimits;
import dormouse.server.control.Fleet;
import dormouse.server.control.Guests;
import dormouse.server.control.Time;
import dormouse.server.control.Unread;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.Relay;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP door, open from its making to its close. A few event loops carry all connections; nothing on them waits, so
 * that thousands of open answers cost no thread. What a connection may take, before it is known who calls, is bounded here.
 */
public final class Door implements AutoCloseable {
    private static final int MOST_LOOPS = 2;
    static final int LONGEST_LINE = 8 << 10;
    static final int LONGEST_HEADERS = 16 << 10;
    private static final int PIECE = 64 << 10;
    private static final int STREAMS_PER_CONNECTION = 1000;
    private static final int RESETS = 2000;
    private static final int RESETS_IN_SECONDS = 30;
    private static final long OPEN_SECONDS = 30;
    private static final long LAST_BYTES_MILLIS = 1000;

    /** What this door speaks to. */
    public record Ground(
            Fleet fleet,
            Relay relay,
            Deadlines deadlines,
            Time time,
            BooleanSupplier draining,
            FleetPages pages,
            Gate gate) {}

    private final Vertx vertx;
    private final Guests guests;
    private final Connections connections;
    private final Routes routes;
    private final InetSocketAddress address;
    private final Queue<HttpServer> servers = new ConcurrentLinkedQueue<>();

    /**
     * Blocks until it is open.
     *
     * @param tls null: plaintext
     * @throws IOException where the address can't be had
     */
    public Door(DoorConfig config, @Nullable DoorTls tls, Ground ground) throws IOException {
        int loops = Math.min(MOST_LOOPS, Runtime.getRuntime().availableProcessors());
        Time time = ground.time();
        ConnectionLimits limits = config.limits();
        guests = new Guests("http", limits.connections(), limits.perAddress(), time);
        vertx = Vertx.builder()
                .with(new VertxOptions()
                        .setEventLoopPoolSize(loops)
                        .setWorkerPoolSize(loops)
                        .setInternalBlockingPoolSize(1)
                        .setUseDaemonThread(true)
                        .setFileSystemOptions(new FileSystemOptions()
                                .setFileCachingEnabled(false)
                                .setClassPathResolvingEnabled(false)))
                .withTransport(new Threshold(guests, limits.head()).transport())
                .build();
        connections = new Connections(time, limits);
        routes = routes(ground);
        Front front = new Front(
                routes,
                new Entrance(ground.gate(), time),
                new Infers(ground),
                new Cors(config.cors()),
                config.guarded() ? new Browsers(config.cors(), config.hosts()) : null,
                connections,
                time);
        InetSocketAddress asked = config.address();
        HttpServerOptions options = options(limits, tls);
        String host = asked.getAddress().getHostAddress();
        SocketAddress shared = asked.getPort() == 0
                ? SocketAddress.sharedRandomPort(1, host) // a free one, the same for all loops
                : SocketAddress.inetSocketAddress(asked.getPort(), host);
        try {
            await(vertx.deployVerticle(
                    () -> new Loop(options, shared, front), new DeploymentOptions().setInstances(loops)));
            address =
                    new InetSocketAddress(asked.getAddress(), servers.element().actualPort());
        } catch (IOException e) {
            vertx.close();
            throw new IOException("http.address " + host + ":" + asked.getPort() + " can't be had", e.getCause());
        }
    }

    /** What answers a GET; a new page is a line here. */
    private static Routes routes(Ground ground) {
        Probes probes = new Probes(ground.draining());
        Models models = new Models(ground.fleet());
        Routes routes = new Routes()
                .at("/v1/models", Right.USE, (call, rest) -> models.list(call))
                .below("/v1/models/", Right.USE, models::one)
                .at("/healthz", Right.NOTHING, (call, rest) -> probes.alive(call))
                .at("/readyz", Right.NOTHING, (call, rest) -> probes.ready(call));
        ground.pages().addTo(routes);
        return routes;
    }

    private static HttpServerOptions options(ConnectionLimits limits, @Nullable DoorTls tls) {
        HttpServerOptions options = new HttpServerOptions()
                .setMaxInitialLineLength(LONGEST_LINE)
                .setMaxHeaderSize(LONGEST_HEADERS)
                .setMaxChunkSize(PIECE)
                .setHandle100ContinueAutomatically(false)
                .setInitialSettings(new Http2Settings()
                        .setMaxConcurrentStreams(STREAMS_PER_CONNECTION)
                        .setMaxHeaderListSize(LONGEST_HEADERS))
                .setHttp2RstFloodMaxRstFramePerWindow(RESETS)
                .setHttp2RstFloodWindowDuration(RESETS_IN_SECONDS)
                .setHttp2RstFloodWindowDurationTimeUnit(TimeUnit.SECONDS);
        if (tls != null) {
            options.setSsl(true)
                    .setUseAlpn(true)
                    .setSslHandshakeTimeout(limits.handshake().toMillis())
                    .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
                    .setKeyCertOptions(KeyCertOptions.wrap(tls.keys()));
            if (tls.clients() != null) {
                options.setClientAuth(ClientAuth.REQUIRED).setTrustOptions(TrustOptions.wrap(tls.clients()));
            }
        }
        return options;
    }

    /** Connections are dealt out to the loops in turn. */
    private final class Loop extends VerticleBase {
        private final HttpServerOptions options;
        private final SocketAddress shared;
        private final Front front;

        Loop(HttpServerOptions options, SocketAddress shared, Front front) {
            this.options = options;
            this.shared = shared;
            this.front = front;
        }

        @Override
        public Future<?> start() {
            HttpServer server = vertx.createHttpServer(options)
                    .connectionHandler(connections::opened)
                    .requestHandler(front::answer)
                    .invalidRequestHandler(front::unreadable);
            servers.add(server);
            return server.listen(shared);
        }
    }

    /** Where it is, with the port in use. */
    public InetSocketAddress address() {
        return address;
    }

    /** What can be asked for with GET, and what that takes. */
    public Map<String, Right> rights() {
        return routes.rights();
    }

    /** How many clients have asked for something and are connected. */
    public int connections() {
        return connections.size();
    }

    /** Answers that their clients have not read. */
    public Unread unread() {
        return connections.unread();
    }

    /** Everyone who is connected. */
    public Guests guests() {
        return guests;
    }

    /** Answers on their way may end, for a second at most; then every connection is closed. */
    @Override
    public void close() throws IOException {
        try {
            await(Future.all(servers.stream()
                    .map(server -> server.shutdown(LAST_BYTES_MILLIS, TimeUnit.MILLISECONDS))
                    .toList()));
        } finally {
            await(vertx.close());
        }
    }

    private static void await(Future<?> future) throws IOException {
        try {
            future.toCompletionStage().toCompletableFuture().get(OPEN_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the HTTP door does not move", e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
