package dormouse.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stands for whatever boots a machine at a publisher's home: {@code POST /start} starts the model server's process,
 * {@code POST /stop} ends it. The agent's recipes call it; nothing runs before the first call.
 */
final class PowerSwitch implements AutoCloseable {
    private final Supplier<Child> boot;
    private final HttpServer http;
    private @Nullable Child booted;

    private PowerSwitch(Supplier<Child> boot, HttpServer http) {
        this.boot = boot;
        this.http = http;
    }

    static PowerSwitch start(Supplier<Child> boot) throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        PowerSwitch powerSwitch = new PowerSwitch(boot, http);
        http.createContext("/start", exchange -> powerSwitch.on(exchange, powerSwitch::boot));
        http.createContext("/stop", exchange -> powerSwitch.on(exchange, powerSwitch::rest));
        http.start();
        return powerSwitch;
    }

    String url(String action) {
        return "http://127.0.0.1:" + http.getAddress().getPort() + "/" + action;
    }

    /** The process that was booted last; null before. */
    synchronized @Nullable Child booted() {
        return booted;
    }

    @Override
    public void close() {
        http.stop(0);
    }

    private synchronized String boot() {
        if (booted == null || !booted.alive()) {
            booted = boot.get();
        }
        return "booting\n";
    }

    private synchronized String rest() {
        if (booted != null) {
            booted.stop();
        }
        return "resting\n";
    }

    private void on(HttpExchange exchange, Supplier<String> action) throws IOException {
        try (exchange) {
            boolean post = exchange.getRequestMethod().equals("POST");
            int status = post ? 200 : 405;
            String answer = "POST only\n";
            if (post) {
                try {
                    answer = action.get();
                } catch (RuntimeException e) {
                    status = 500;
                    answer = e.getMessage() + "\n";
                }
            }
            byte[] body = answer.getBytes(UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
