package dormouse.agent;

import com.google.protobuf.UnsafeByteOperations;
import io.netty.channel.ChannelConfig;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.impl.HttpClientConnection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Backends over HTTP/1.1. The answer is read piece by piece, each on demand, so that a backend that is faster than its
 * client is slowed down by TCP. A request that fails on a connection that was used before, without a byte of an answer,
 * is tried once more on a fresh one. On the loop alone.
 */
final class HttpBackend implements Backend {
    private static final Logger log = LoggerFactory.getLogger(HttpBackend.class);
    private static final List<String> HEADERS_BACK = List.of("x-request-id", "retry-after");

    private final HttpClients clients;

    HttpBackend(HttpClients clients) {
        this.clients = clients;
    }

    @Override
    public Exchange post(Call call, Listener listener) {
        HttpExchange exchange = new HttpExchange(call, listener);
        exchange.start(clients.kept());
        return exchange;
    }

    private final class HttpExchange implements Exchange {
        private final Listener listener;
        /** Forgotten when the answer begins: a long answer must not hold a large body in memory. */
        private @Nullable Call call;

        private @Nullable HttpClientRequest request;
        private boolean wanted;
        private boolean retried;
        private boolean over;

        HttpExchange(Call call, Listener listener) {
            this.call = call;
            this.listener = listener;
        }

        void start(HttpClient client) {
            if (call == null) {
                return;
            }
            try {
                RequestOptions options =
                        new RequestOptions().setMethod(HttpMethod.POST).setAbsoluteURI(call.url());
                client.request(options).onSuccess(this::send).onFailure(this::fail);
            } catch (RuntimeException badUrl) {
                fail(badUrl);
            }
        }

        private void send(HttpClientRequest connected) {
            if (over || call == null) {
                connected.reset();
                return;
            }
            request = connected;
            try {
                write(call, connected);
            } catch (RuntimeException unwritable) { // a header's value that is none, above all
                fail(unwritable, "the request cannot be sent to it as it is");
            }
        }

        private void write(Call call, HttpClientRequest connected) {
            boolean reused = !retried && clients.isReused(connected.connection());
            connected.response().onSuccess(this::receive).onFailure(failure -> {
                if (reused && !over) {
                    log.debug("kept-alive connection was closed by the backend; once more on a fresh one", failure);
                    retried = true;
                    start(clients.fresh());
                } else {
                    fail(failure);
                }
            });
            call.headers().forEach(connected::putHeader);
            if (!call.contentType().isEmpty()) {
                connected.putHeader("content-type", call.contentType());
            }
            connected.end(call.body());
        }

        private void receive(HttpClientResponse answer) {
            if (over) {
                return;
            }
            call = null;
            answer.exceptionHandler(this::fail);
            answer.handler(data -> {
                if (!over) {
                    wanted = false;
                    listener.data(UnsafeByteOperations.unsafeWrap(data.getBytes()));
                    if (!over) {
                        read(wanted);
                    }
                }
            });
            answer.endHandler(ignored -> {
                if (!over) {
                    over = true;
                    read(true); // the connection is another request's from here on
                    listener.end();
                }
            });
            Map<String, String> headers = new LinkedHashMap<>();
            for (String name : HEADERS_BACK) {
                String value = answer.getHeader(name);
                if (value != null) {
                    headers.put(name, value);
                }
            }
            String contentType = answer.getHeader("content-type");
            listener.head(answer.statusCode(), contentType == null ? "" : contentType, headers);
        }

        private void fail(Throwable failure) {
            fail(failure, Failures.told(failure));
        }

        private void fail(Throwable failure, String told) {
            if (!over) {
                close();
                log.info("a backend's answer broke off cause=\"{}\"", Failures.say(failure));
                listener.failed(told);
            }
        }

        @Override
        public void more() {
            if (!over) {
                wanted = true;
                read(true);
            }
        }

        /**
         * Whether the socket is read. Not by the pause of Vert.x 5.2: under it the socket is read on for a while, and when
         * that meets the connection's end, the last pieces of the answer are lost.
         */
        private void read(boolean on) {
            if (request != null) {
                ChannelConfig socket = ((HttpClientConnection) request.connection())
                        .channelHandlerContext()
                        .channel()
                        .config();
                if (socket.isAutoRead() != on) {
                    socket.setAutoRead(on);
                }
            }
        }

        @Override
        public void close() {
            if (over) {
                return;
            }
            over = true;
            call = null;
            if (request != null) {
                request.reset();
            }
        }
    }
}
