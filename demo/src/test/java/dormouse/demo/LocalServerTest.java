package dormouse.demo;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LocalServerTest {
    private final List<HttpServer> started = new ArrayList<>();

    @AfterEach
    void stop() {
        started.forEach(server -> server.stop(0));
    }

    private LocalServer answering(int status, String body) throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/v1/models", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(status, body.length());
                exchange.getResponseBody().write(body.getBytes(US_ASCII));
            }
        });
        http.start();
        started.add(http);
        return new LocalServer("Test", "openai", http.getAddress().getPort());
    }

    @Test
    void the_first_that_lists_a_model_to_chat_with_is_found() throws IOException {
        LocalServer absent = answering(200, "{}");
        started.get(0).stop(0);
        LocalServer chat = answering(200, "{\"data\":[{\"id\":\"nomic-embed-text\"},{\"id\":\"qwen3:8b\"}]}");
        LocalServer later = answering(200, "{\"data\":[{\"id\":\"other\"}]}");
        assertThat(LocalServer.find(List.of(absent, chat, later))).hasValue(new ModelChoice.Running(chat, "qwen3:8b"));
    }

    @Test
    void something_else_on_a_popular_port_is_no_model_server() throws IOException {
        assertThat(LocalServer.find(List.of(
                        answering(200, "<html>hello</html>"),
                        answering(404, "{\"data\":[{\"id\":\"x\"}]}"),
                        answering(200, "{\"data\":[]}"),
                        answering(200, "[1,2]"))))
                .isEmpty();
    }
}
