package dormouse.agent;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.PoolOptions;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * The two ways to reach a backend: over connections that are kept alive, and over a fresh one that is closed after its
 * answer. Some backends close kept-alive connections when they please; who meets such a one before a byte of the answer
 * tries again over a fresh one, and to know that, it must know which connections have been used. Event loop threads.
 */
final class HttpClients {
    private static final int CONNECT_MILLIS = 10_000;
    private static final int KEEP_ALIVE_SECONDS = 15;
    /** Of the stream, not of a file: what one read gives at most. */
    private static final int CHUNK_BYTES = 16 * 1024;

    private final HttpClient kept;
    private final HttpClient fresh;
    private final Set<HttpConnection> unused =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    HttpClients(Vertx vertx) {
        kept = vertx.httpClientBuilder()
                .with(options().setKeepAlive(true).setKeepAliveTimeout(KEEP_ALIVE_SECONDS))
                .with(pool())
                .withConnectHandler(unused::add)
                .build();
        fresh = vertx.httpClientBuilder()
                .with(options().setKeepAlive(false))
                .with(pool())
                .build();
    }

    HttpClient kept() {
        return kept;
    }

    HttpClient fresh() {
        return fresh;
    }

    /** Whether the connection has carried a request before this one; to be asked once per request. */
    boolean isReused(HttpConnection connection) {
        return !unused.remove(connection);
    }

    void close() {
        kept.close();
        fresh.close();
    }

    private static HttpClientOptions options() {
        return new HttpClientOptions()
                .setConnectTimeout(CONNECT_MILLIS)
                .setMaxChunkSize(CHUNK_BYTES)
                .setMaxHeaderSize(64 * 1024)
                .setDecompressionSupported(false);
    }

    /** The server bounds the tasks; a pool that bounds them again would only hide a queue. */
    private static PoolOptions pool() {
        return new PoolOptions().setHttp1MaxSize(StreamWork.MAX_TASKS);
    }
}
