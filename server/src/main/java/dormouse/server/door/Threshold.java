package dormouse.server.door;

import dormouse.server.control.Guests;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.vertx.core.impl.transports.NioTransport;
import io.vertx.core.impl.transports.TransportInternal;
import io.vertx.core.transport.Transport;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * Sees each connection at the moment when it is accepted, before anything is read of it: who is one too many is cut off, and the
 * rest is given a {@link HeadDeadline}. Vert.x tells of a connection at its first request only, so this stands in the listening
 * channel's own pipeline. The accepting thread.
 */
@Sharable
final class Threshold extends ChannelInboundHandlerAdapter {
    private final Guests guests;
    private final Duration head;

    Threshold(Guests guests, Duration head) {
        this.guests = guests;
        this.head = head;
    }

    /** A transport whose doors have this threshold. */
    Transport transport() {
        NioTransport transport = new NioTransport() {
            @Override
            public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
                ChannelFactory<? extends ServerChannel> made = super.serverChannelFactory(domainSocket);
                return () -> {
                    ServerChannel channel = made.newChannel();
                    channel.pipeline().addLast(Threshold.this);
                    return channel;
                };
            }
        };
        return new TransportInternal("nio", true, null, transport);
    }

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
            connection.pipeline().addLast(HeadDeadline.NAME, new HeadDeadline(head));
        }
        context.fireChannelRead(message);
    }
}
