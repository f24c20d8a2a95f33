package dormouse.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dormouse.demo.Model.Ending;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A small OpenAI-compatible server in front of one {@link Model}, on loopback: {@code /v1/chat/completions} streamed
 * and whole, {@code /v1/models}, {@code /health}. It answers a handful of callers, each on a thread of its own; more
 * wait.
 */
final class ModelServer implements AutoCloseable {
    private static final int CALLERS = 4;
    private static final int MAX_BODY = 4 << 20;

    private final Model model;
    private final Clock clock;
    private final HttpServer http;
    private final ExecutorService callers = Executors.newFixedThreadPool(CALLERS, ModelServer::daemon);
    private final AtomicLong answers = new AtomicLong();

    private ModelServer(Model model, int port, Clock clock) throws IOException {
        this.model = model;
        this.clock = clock;
        this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    }

    /** Listens on return. Port 0 picks a free one. */
    static ModelServer start(Model model, int port, Clock clock) throws IOException {
        // Without it each small frame waits for the acknowledgement of the one before, 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        ModelServer server = new ModelServer(model, port, clock);
        server.http.setExecutor(server.callers);
        server.http.createContext("/", server::serve);
        server.http.start();
        return server;
    }

    int port() {
        return http.getAddress().getPort();
    }

    @Override
    public void close() {
        http.stop(0);
        callers.shutdownNow();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
                case "GET /health" -> json(exchange, 200, "{\"status\":\"ok\"}".getBytes(UTF_8));
                case "GET /v1/models" -> json(exchange, 200, Completion.models(model.id()));
                case "POST /v1/chat/completions" -> chat(exchange);
                default -> json(exchange, 404, Completion.error("there is nothing here", "not_found"));
            }
        }
    }

    private void chat(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
        if (body.length > MAX_BODY) {
            // An answer given before all is read would be lost with the connection.
            exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
            json(exchange, 413, Completion.error("the body is larger than " + MAX_BODY + " bytes", "too_large"));
            return;
        }
        ChatPrompt prompt;
        try {
            prompt = ChatPrompt.parse(body);
        } catch (IllegalArgumentException e) {
            json(exchange, 400, Completion.error(String.valueOf(e.getMessage()), "malformed"));
            return;
        }
        Completion completion = new Completion(
                "chatcmpl-" + answers.incrementAndGet(),
                model.id(),
                clock.instant().getEpochSecond());
        if (prompt.stream()) {
            stream(exchange, prompt, completion);
        } else {
            StringBuilder text = new StringBuilder();
            Ending ending = model.answer(prompt, text::append);
            json(exchange, 200, completion.whole(text.toString(), ending));
        }
    }

    private void stream(HttpExchange exchange, ChatPrompt prompt, Completion completion) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
        exchange.getResponseHeaders().set("Cache-Control", "no-cache");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        send(out, completion.opening());
        Ending ending = model.answer(prompt, text -> send(out, completion.piece(text)));
        send(out, completion.closing(ending));
        if (prompt.includeUsage()) {
            send(out, completion.usage(ending));
        }
        send(out, Completion.DONE);
    }

    private static void send(OutputStream out, byte[] frame) throws IOException {
        out.write(frame);
        out.flush();
    }

    private static void json(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "model-server");
        thread.setDaemon(true);
        return thread;
    }
}
