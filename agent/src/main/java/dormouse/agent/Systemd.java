package dormouse.agent;

import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how it goes, where a unit of {@code Type=notify} asks for that: a datagram to the socket that the environment
 * names ({@code sd_notify(3)}). Java has no datagrams of the Unix domain; the Netty inside gRPC does, and the datagram comes
 * from this very process, as {@code NotifyAccess=main} wants it. Blocks for a moment; does nothing elsewhere. Any thread.
 */
public final class Systemd {
    private static final Logger log = LoggerFactory.getLogger(Systemd.class);
    private static final String SOCKET = "NOTIFY_SOCKET";
    private static final long PATIENCE_SECONDS = 5;

    private final String socket;

    private Systemd(String socket) {
        this.socket = socket;
    }

    /** @param env where the socket is named; without it, what is said is said to nobody */
    public static Systemd of(Map<String, String> env) {
        return new Systemd(env.getOrDefault(SOCKET, ""));
    }

    /** It can be used from now on. */
    public void ready(String status) {
        say("READY=1\nSTATUS=" + status);
    }

    /** It takes nothing new, and will end. */
    public void stopping() {
        say("STOPPING=1\nSTATUS=draining");
    }

    private void say(String state) {
        if (socket.isEmpty()) {
            return;
        }
        if (!Epoll.isAvailable()) {
            log.warn("systemd asks to be told, and this machine's Java can't reach its socket state={}", state);
            return;
        }
        String path = socket.startsWith("@") ? "\0" + socket.substring(1) : socket; // of the abstract kind
        MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("dormouse-systemd", true), EpollIoHandler.newFactory());
        try {
            Channel channel = new Bootstrap()
                    .group(loop)
                    .channel(EpollDomainDatagramChannel.class)
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(new DomainSocketAddress(path))
                    .sync()
                    .channel();
            channel.writeAndFlush(Unpooled.copiedBuffer(state, StandardCharsets.UTF_8))
                    .sync();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) { // sync throws what went wrong, whatever its kind
            log.warn("systemd could not be told cause={}", e.toString());
        } finally {
            loop.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }
}
