package dormouse.server.door;

import dormouse.server.control.ConnectionLimits;
import dormouse.server.control.Time;
import dormouse.server.control.Unread;
import io.netty.channel.ChannelPipeline;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Closes connections on which nothing is asked: one that does not come to its first request, and one that has been without
 * any for a while. One that waits for an answer is left alone, however long that takes. Any loop; a connection's own for
 * what concerns it.
 *
 * <p>Vert.x tells of a connection at its first request. Until then a {@link HeadDeadline} guards it, which knows nothing of
 * answers that are waited for, and so is taken out of the connection then.
 */
final class Connections {
    private final Time time;
    private final ConnectionLimits limits;
    private final Unread unread = Unread.ofThisProcess();
    private final Map<HttpConnection, Held> all = new ConcurrentHashMap<>();

    Connections(Time time, ConnectionLimits limits) {
        this.time = time;
        this.limits = limits;
    }

    /** A client has come. */
    void opened(HttpConnection connection) {
        ChannelPipeline pipeline =
                ((HttpServerConnection) connection).channelHandlerContext().pipeline();
        if (pipeline.get(HeadDeadline.NAME) != null) {
            pipeline.remove(HeadDeadline.NAME);
        }
        held(connection).idleFor(limits.head());
    }

    /** It asks for something. */
    void begins(Call call) {
        Held held = held(call.request().connection());
        held.busy();
        call.countOn(held.unread);
        call.whenOver(held::done);
    }

    /** Answers that their clients have not read. */
    Unread unread() {
        return unread;
    }

    int size() {
        return all.size();
    }

    private Held held(HttpConnection connection) {
        return all.computeIfAbsent(connection, opened -> {
            Held held = new Held(opened);
            opened.closeHandler(closed -> {
                all.remove(opened);
                held.busy(); // so that no alarm is left
            });
            return held;
        });
    }

    private final class Held {
        private final HttpConnection connection;
        private final Context loop = Vertx.currentContext();
        private final Unread.Connection unread = Connections.this.unread.connection();
        private int calls;
        private Time.@Nullable Alarm alarm;

        Held(HttpConnection connection) {
            this.connection = connection;
        }

        void idleFor(Duration patience) {
            alarm = time.after(
                    patience,
                    () -> loop.runOnContext(now -> {
                        if (calls == 0) {
                            connection.close();
                        }
                    }));
        }

        void busy() {
            calls++;
            if (alarm != null) {
                alarm.cancel();
                alarm = null;
            }
        }

        void done() {
            calls--;
            if (calls == 0) {
                idleFor(limits.idle());
            }
        }
    }
}
