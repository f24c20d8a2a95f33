package dormouse.server;

import dormouse.agent.LiveTls;
import dormouse.server.control.ConnectionLimits;
import dormouse.server.control.Guests;
import dormouse.server.control.Time;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler.Sharable;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.IoHandlerFactory;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the gRPC door stands on: its event loops, its certificates, and what a connection may take. gRPC has no bound for
 * connections (github.com/grpc/grpc-java/issues/1886) and tells of one only after its handshake, so who is one too many is cut
 * off in the listening channel's own pipeline. Made and closed by one thread.
 *
 * <p>Against what HTTP/2 can be flooded with: pings more often than every 10 s end a connection after the second (gRPC's own
 * enforcer); of control frames that wait to be read 10,000 end one (Netty's); resets are counted here; small CONTINUATION frames,
 * empty frames and large heads are bounded by Netty and gRPC by default.
 */
final class GrpcTransport implements AutoCloseable {
    /** What a client may send beside its messages; gRPC's own default, written down because it is promised. */
    private static final int HEAD_BYTES = 8 << 10;

    private static final int CALLS_PER_CONNECTION = 10_000;
    private static final int RESETS = 2_000;
    private static final int RESETS_IN_SECONDS = 30;
    private static final int PING_NOT_MORE_OFTEN_THAN_SECONDS = 10;
    private static final int LAST_CALL_SECONDS = 30;

    private final EventLoopGroup accepting;
    private final EventLoopGroup working;
    private final Guests guests;
    private final NettyServerBuilder builder;

    /** @param tls null: plaintext */
    GrpcTransport(InetSocketAddress address, ConnectionLimits limits, @Nullable LiveTls tls, Time time) {
        guests = new Guests("grpc", limits.connections(), limits.perAddress(), time);
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        accepting =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("dormouse-grpc-accept", true), handlers);
        working = new MultiThreadIoEventLoopGroup(0, new DefaultThreadFactory("dormouse-grpc", true), handlers);
        Threshold threshold = new Threshold();
        builder = NettyServerBuilder.forAddress(address, credentials(tls))
                .bossEventLoopGroup(accepting)
                .workerEventLoopGroup(working)
                .channelFactory(() -> {
                    ServerChannel door = epoll ? new EpollServerSocketChannel() : new NioServerSocketChannel();
                    door.pipeline().addLast(threshold);
                    return door;
                })
                .handshakeTimeout(limits.handshake().toMillis(), TimeUnit.MILLISECONDS)
                .maxConnectionIdle(limits.idle().toMillis(), TimeUnit.MILLISECONDS)
                .maxInboundMetadataSize(HEAD_BYTES)
                .permitKeepAliveTime(PING_NOT_MORE_OFTEN_THAN_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(limits.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(limits.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
                .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
                .maxRstFramesPerWindow(RESETS, RESETS_IN_SECONDS);
    }

    private static ServerCredentials credentials(@Nullable LiveTls tls) {
        if (tls == null) {
            return InsecureServerCredentials.create();
        }
        TlsServerCredentials.Builder credentials =
                TlsServerCredentials.newBuilder().keyManager(tls.keys());
        if (tls.trust() != null) {
            credentials.trustManager(tls.trust()).clientAuth(ClientAuth.REQUIRE);
        }
        return credentials.build();
    }

    ServerBuilder<?> builder() {
        return builder;
    }

    Guests guests() {
        return guests;
    }

    /** Once its door is closed. */
    @Override
    public void close() {
        accepting.shutdownGracefully(0, LAST_CALL_SECONDS, TimeUnit.SECONDS);
        working.shutdownGracefully(0, LAST_CALL_SECONDS, TimeUnit.SECONDS);
    }

    /** Sees each connection when it is accepted, before anything is read of it. The accepting thread. */
    @Sharable
    private final class Threshold extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof Channel connection
                    && connection.remoteAddress() instanceof InetSocketAddress client
                    && client.getAddress() != null) {
                byte[] address = client.getAddress().getAddress();
                if (!guests.enter(address)) {
                    connection.config().setOption(ChannelOption.SO_LINGER, 0); // nothing is left of it
                    connection.unsafe().closeForcibly();
                    return;
                }
                connection.closeFuture().addListener(gone -> guests.leave(address));
            }
            context.fireChannelRead(message);
        }
    }
}
