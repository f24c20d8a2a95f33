package dormouse.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The storyteller over real HTTP, as an OpenAI client sees it. */
class ModelServerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1_700_000_000), ZoneOffset.UTC);
    private static final String ASK = "{\"messages\":[{\"role\":\"user\",\"content\":\"Tell me about snow\"}]%s}";

    private final HttpClient http = HttpClient.newHttpClient();
    private ModelServer server;

    @BeforeEach
    void start() throws IOException {
        server = ModelServer.start(new Storyteller(Duration.ZERO), 0, CLOCK);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_stream_holds_the_story_word_by_word_and_ends_with_done() throws Exception {
        HttpResponse<String> response = post(ASK.formatted(",\"stream\":true"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream; charset=utf-8");
        assertThat(response.body()).endsWith("\n\ndata: [DONE]\n\n");
        List<String> frames = List.of(response.body().split("\n\n"));
        assertThat(frames).allMatch(frame -> frame.startsWith("data: "));
        List<JsonNode> chunks = frames.subList(0, frames.size() - 1).stream()
                .map(frame -> parse(frame.substring("data: ".length())))
                .toList();
        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.path("object").asText()).isEqualTo("chat.completion.chunk");
            assertThat(chunk.path("created").asLong()).isEqualTo(1_700_000_000);
            assertThat(chunk.path("model").asText()).isEqualTo("storyteller");
            assertThat(chunk.has("usage")).isFalse();
        });
        assertThat(chunks.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
        assertThat(chunks.get(chunks.size() - 1).at("/choices/0/finish_reason").asText())
                .isEqualTo("stop");
        assertThat(chunks).hasSizeGreaterThan(30);
        assertThat(chunks.stream()
                        .map(chunk -> chunk.at("/choices/0/delta/content").asText(""))
                        .collect(Collectors.joining()))
                .isEqualTo(Storyteller.tell("Tell me about snow"));
    }

    @Test
    void usage_comes_in_a_frame_of_its_own_where_asked_for() throws Exception {
        String body = post(ASK.formatted(
                        ",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":5"))
                .body();
        String[] frames = body.split("\n\n", -1);
        JsonNode usage = parse(frames[frames.length - 3].substring("data: ".length()));
        assertThat(usage.path("choices")).isEmpty();
        assertThat(usage.at("/usage/prompt_tokens").asInt()).isEqualTo(4);
        assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(5);
        JsonNode last = parse(frames[frames.length - 4].substring("data: ".length()));
        assertThat(last.at("/choices/0/finish_reason").asText()).isEqualTo("length");
    }

    @Test
    void without_stream_the_answer_comes_whole() throws Exception {
        HttpResponse<String> response = post(ASK.formatted(""));
        assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
        JsonNode answer = parse(response.body());
        assertThat(answer.path("object").asText()).isEqualTo("chat.completion");
        assertThat(answer.at("/choices/0/message/role").asText()).isEqualTo("assistant");
        assertThat(answer.at("/choices/0/message/content").asText())
                .isEqualTo(Storyteller.tell("Tell me about snow"))
                .contains("not a language model");
        assertThat(answer.at("/usage/total_tokens").asInt())
                .isEqualTo(answer.at("/usage/prompt_tokens").asInt()
                        + answer.at("/usage/completion_tokens").asInt());
    }

    @Test
    void it_lists_its_one_model() throws Exception {
        JsonNode models = parse(get("/v1/models").body());
        assertThat(models.path("object").asText()).isEqualTo("list");
        assertThat(models.at("/data/0/id").asText()).isEqualTo("storyteller");
        assertThat(get("/health").statusCode()).isEqualTo(200);
    }

    @Test
    void what_it_does_not_understand_is_refused_in_openais_shape() throws Exception {
        assertThat(post("no json").statusCode()).isEqualTo(400);
        HttpResponse<String> empty = post("{\"messages\":[]}");
        assertThat(empty.statusCode()).isEqualTo(400);
        assertThat(parse(empty.body()).at("/error/message").asText()).contains("messages");
        HttpResponse<String> nowhere = get("/v1/embeddings");
        assertThat(nowhere.statusCode()).isEqualTo(404);
        assertThat(parse(nowhere.body()).at("/error/code").asText()).isEqualTo("not_found");
        assertThat(post("\"" + "x".repeat(5 << 20) + "\"").statusCode()).isEqualTo(413);
    }

    private HttpResponse<String> post(String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/v1/chat/completions"))
                .POST(BodyPublishers.ofString(body))
                .build();
        return http.send(request, BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new AssertionError(json, e);
        }
    }
}
