package dormouse.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** A model server on a real socket, for the agent inside the server: it can be down, and hold its answers back. */
final class BackendDouble implements AutoCloseable {
    /** A request as it came. */
    record Asked(String method, String path, String authorization, String body) {}

    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool(Threads.named("backend-double"));
    private final int port;
    private volatile CountDownLatch mayAnswer = new CountDownLatch(0);
    private @Nullable HttpServer server;

    BackendDouble() {
        server = open(0);
        port = server.getAddress().getPort();
    }

    private HttpServer open(int at) {
        try {
            HttpServer opened = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), at), 0);
            opened.createContext("/", this::answer);
            opened.setExecutor(threads);
            opened.start();
            return opened;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        String authorization = exchange.getRequestHeaders().getFirst("authorization");
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        asked.add(new Asked(
                exchange.getRequestMethod(),
                exchange.getRequestURI().toString(),
                authorization == null ? "" : authorization,
                body));
        boolean elsewhere = body.contains("elsewhere");
        byte[] text = (exchange.getRequestMethod().equals("POST") ? "{\"said\":\"hello\"}" : "{\"data\":[]}")
                .getBytes(StandardCharsets.UTF_8);
        if (exchange.getRequestMethod().equals("POST")) {
            try {
                mayAnswer.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        exchange.getResponseHeaders().set("content-type", "application/json");
        if (elsewhere) {
            exchange.getResponseHeaders().set("location", url() + "/other");
        }
        exchange.sendResponseHeaders(elsewhere ? 307 : 200, text.length);
        exchange.getResponseBody().write(text);
        exchange.close();
    }

    String url() {
        return "http://127.0.0.1:" + port + "/v1";
    }

    /** Every request of that method so far. */
    List<Asked> asked(String method) {
        return asked.stream().filter(each -> each.method().equals(method)).toList();
    }

    /** From now on a POST is answered when {@link #letGo} is called. */
    void hold() {
        mayAnswer = new CountDownLatch(1);
    }

    void letGo() {
        mayAnswer.countDown();
    }

    void goDown() {
        if (server != null) {
            server.stop(0);
            server = null;
        }
    }

    void comeBack() {
        server = open(port);
    }

    @Override
    public void close() {
        letGo();
        goDown();
        threads.shutdownNow();
    }
}
