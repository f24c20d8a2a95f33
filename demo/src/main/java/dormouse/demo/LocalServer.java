package dormouse.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A place where a model server of this machine may listen.
 *
 * @param type what the agent's file calls it
 */
record LocalServer(String product, String type, int port) {
    /** The usual ports. */
    static final List<LocalServer> USUAL = List.of(
            new LocalServer("Ollama", "ollama", 11434),
            new LocalServer("LM Studio", "lmstudio", 1234),
            new LocalServer("llama.cpp", "llama.cpp", 8080),
            new LocalServer("vLLM", "vllm", 8000));

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    String url() {
        return "http://127.0.0.1:" + port + "/v1";
    }

    /** The first of these that lists a model to chat with. */
    static Optional<ModelChoice.Running> find(List<LocalServer> places) {
        HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        return places.stream()
                .flatMap(place -> place.model(http).map(model -> new ModelChoice.Running(place, model)).stream())
                .findFirst();
    }

    /** Empty where nothing listens, or something that is no model server: these ports are popular. */
    private Optional<String> model(HttpClient http) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url() + "/models"))
                .timeout(PATIENCE)
                .build();
        try {
            HttpResponse<byte[]> response = http.send(request, BodyHandlers.ofByteArray());
            JsonNode models = response.statusCode() == 200
                    ? JSON.readTree(response.body()).path("data")
                    : JSON.missingNode();
            for (JsonNode model : models) {
                String id = model.path("id").asText("");
                if (!id.isBlank() && !id.toLowerCase(Locale.ROOT).contains("embed")) {
                    return Optional.of(id);
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
