package dormouse.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The real model in its real process: llama.cpp cannot leave a process that goes on, and this one goes on. */
class SmolLmTest {
    @Test
    void smollm2_answers_over_http_and_its_process_ends_when_asked() throws Exception {
        Optional<Path> gguf = SmolLmCache.of(System.getenv(), Path.of(System.getProperty("user.home")))
                .find();
        if (gguf.isEmpty()) {
            System.out.println("skipped: SmolLM2 is not in the cache; \"dormouse demo --real\" fetches it");
        }
        assumeTrue(gguf.isPresent(), "SmolLM2 is not in the cache");
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        try (Stage stage = new Stage();
                Fleet fleet = new Fleet(stage, Jars.besideThis(), true)) {
            Child child = fleet.startModel(new ModelChoice.SmolLm(gguf.get()), port);
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> answers(port) || !child.alive());
            assertThat(child.alive()).as(() -> String.join("\n", child.tail())).isTrue();
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                                    .POST(BodyPublishers.ofString(
                                            "{\"messages\":[{\"role\":\"user\",\"content\":\"What is the capital of France?\"}],"
                                                    + "\"max_tokens\":30,\"temperature\":0}"))
                                    .build(),
                            BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).contains("Paris");
            child.process().destroy();
            assertThat(child.process().waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static boolean answers(int port) {
        try {
            return HttpClient.newHttpClient()
                            .send(
                                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health"))
                                            .build(),
                                    BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (java.io.IOException | InterruptedException e) {
            return false;
        }
    }
}
