package dormouse.server.door;

import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelHandlerContext;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection that has not come to its first request in time, however steadily its bytes drip; who is seen to ask for
 * something is freed of it by its removal. Covers the TLS handshake too. The connection's event loop.
 */
final class HeadDeadline extends ChannelHandlerAdapter {
    static final String NAME = "dormouse-head-deadline";

    private final Duration patience;
    private @Nullable Future<?> end;

    HeadDeadline(Duration patience) {
        this.patience = patience;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        end = context.executor().schedule(() -> context.close(), patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (end != null) {
            end.cancel(false);
        }
    }
}
