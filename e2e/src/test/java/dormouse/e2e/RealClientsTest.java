package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Unmodified clients, the HTTP door, and real model servers: what llama.cpp says through Dormouse is what it says
 * directly. {@code stories} writes, {@code meanings} makes embeddings; the first who asks boots them.
 */
@Tag("slow")
class RealClientsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path directory;

    private static @Nullable ServerProcess server;
    private static @Nullable LlamaServer stories;
    private static @Nullable LlamaServer meanings;
    private static @Nullable AgentProcess agent;
    private static @Nullable OpenAIClient openai;
    private static JsonNode greedy = JSON.nullNode();

    @BeforeAll
    static void start() throws IOException {
        String program = RealModelTest.variable("DORMOUSE_LLAMA_SERVER");
        String model = RealModelTest.variable("DORMOUSE_MODEL");
        try (InputStream known = RealClientsTest.class.getResourceAsStream("/llama/greedy.json")) {
            greedy = JSON.readTree(known);
        }
        // an answer of this model seldom ends by itself, and not every client asks for a limit
        stories = new LlamaServer(
                Files.createDirectory(directory.resolve("stories")), program, model, "--alias", "stories", "-n", "128");
        meanings = new LlamaServer(
                Files.createDirectory(directory.resolve("meanings")),
                program,
                model,
                "--embeddings",
                "--pooling",
                "mean");
        server = ServerProcess.start(directory);
        agent = AgentProcess.start(
                directory, "ana", server.address(), stories.llm("stories", 8) + meanings.llm("meanings", 8));
        server.awaitStatus("stories", "HIBERNATING");
        server.awaitStatus("meanings", "HIBERNATING");
        openai = OpenAIOkHttpClient.builder()
                .baseUrl(url())
                .apiKey("-")
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        if (openai != null) {
            openai.close();
        }
        if (agent != null) {
            agent.close();
        }
        if (stories != null) {
            stories.close();
        }
        if (meanings != null) {
            meanings.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static String url() {
        return server.http() + "/v1";
    }

    private static String question() {
        return greedy.path("chat")
                .path("body")
                .path("messages")
                .path(0)
                .path("content")
                .asText();
    }

    private static String knownAnswer() {
        return greedy.path("chat").path("text").asText();
    }

    private static ChatCompletionCreateParams.Builder chat() {
        return ChatCompletionCreateParams.builder()
                .model("stories")
                .addUserMessage(question())
                .temperature(0)
                .maxTokens(64);
    }

    @Test
    void openAisClientGetsTheKnownTextWholeAndStreamed() {
        assertThat(openai.chat()
                        .completions()
                        .create(chat().build())
                        .choices()
                        .get(0)
                        .message()
                        .content())
                .contains(knownAnswer());
        StringBuilder text = new StringBuilder();
        try (StreamResponse<ChatCompletionChunk> stream =
                openai.chat().completions().createStreaming(chat().build())) {
            stream.stream()
                    .forEach(chunk -> chunk.choices()
                            .forEach(choice -> choice.delta().content().ifPresent(text::append)));
        }
        assertThat(text).hasToString(knownAnswer());
    }

    @Test
    void langChain4jGetsTheKnownText() {
        assertThat(OpenAiChatModel.builder()
                        .baseUrl(url())
                        .apiKey("-")
                        .modelName("stories")
                        .temperature(0.0)
                        .maxTokens(64)
                        .build()
                        .chat(question()))
                .isEqualTo(knownAnswer());
    }

    @Test
    void anthropicsClientGetsTheKnownTextWholeAndStreamed() {
        MessageCreateParams params = MessageCreateParams.builder()
                .model("stories")
                .maxTokens(64)
                .putAdditionalBodyProperty("temperature", com.anthropic.core.JsonValue.from(0))
                .addUserMessage(question())
                .build();
        AnthropicClient client = AnthropicOkHttpClient.builder()
                .baseUrl(server.http())
                .apiKey("-")
                .maxRetries(0)
                .build();
        Message whole = client.messages().create(params);
        assertThat(whole.content().get(0).asText().text()).isEqualTo(knownAnswer());
        MessageAccumulator pieces = MessageAccumulator.create();
        try (com.anthropic.core.http.StreamResponse<RawMessageStreamEvent> stream =
                client.messages().createStreaming(params)) {
            stream.stream().forEach(pieces::accumulate);
        }
        assertThat(pieces.message().content().get(0).asText().text()).isEqualTo(knownAnswer());
        client.close();
    }

    /** What {@link #structuredOutputHoldsTheSchema} asks for. */
    public static class Mouse {
        public boolean small;
        public Colour colour;

        /** Of which a model that knows nothing picks one. */
        public enum Colour {
            GREY,
            BROWN
        }
    }

    @Test
    void structuredOutputHoldsTheSchema() {
        Mouse mouse = openai.chat()
                .completions()
                .create(chat().responseFormat(Mouse.class).build())
                .choices()
                .get(0)
                .message()
                .content()
                .orElseThrow();
        assertThat(mouse.colour).isNotNull();
    }

    /** This model calls no tool, whatever it is told; tools that are called are shown with scripted answers. */
    @Test
    void aRequestWithToolsIsAnsweredAsItIsDirectly() throws Exception {
        String body = """
                {"model": "stories", "temperature": 0, "max_tokens": 64, "tool_choice": "auto",
                 "messages": [{"role": "user", "content": %s}],
                 "tools": [{"type": "function", "function": {"name": "paint", "parameters": {"type": "object",
                            "properties": {"colour": {"enum": ["grey", "brown"]}}, "required": ["colour"]}}}]}
                """.formatted(JSON.writeValueAsString(question()));
        JsonNode door = JSON.readTree(HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url() + "/chat/completions"))
                                .header("content-type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body());
        JsonNode direct = JSON.readTree(stories.ask("chat/completions", body));
        assertThat(direct.path("choices")).hasSize(1);
        assertThat(door.path("choices")).isEqualTo(direct.path("choices"));
        assertThat(door.path("usage").path("prompt_tokens"))
                .isEqualTo(direct.path("usage").path("prompt_tokens"));
    }

    @Test
    void embeddingsAreThoseThatItGivesDirectly() throws Exception {
        List<Float> vector = openai.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model("meanings")
                        .input("a small mouse")
                        .build())
                .data()
                .get(0)
                .embedding();
        JsonNode direct = JSON.readTree(meanings.ask("embeddings", "{\"model\":\"m\",\"input\":\"a small mouse\"}"))
                .path("data")
                .path(0)
                .path("embedding");
        assertThat(vector).hasSize(direct.size()).hasSizeGreaterThan(8);
        for (int i = 0; i < vector.size(); i++) {
            assertThat(vector.get(i))
                    .isCloseTo((float) direct.path(i).asDouble(), org.assertj.core.data.Offset.offset(1e-5f));
        }
        assertThat(OpenAiEmbeddingModel.builder()
                        .baseUrl(url())
                        .apiKey("-")
                        .modelName("meanings")
                        .build()
                        .embed("a small mouse")
                        .content()
                        .vector())
                .hasSize(direct.size());
    }

    @Test
    void aStreamThatIsClosedMakesTheSlotIdle() {
        StreamResponse<ChatCompletionChunk> stream = openai.chat()
                .completions()
                .createStreaming(chat().maxTokens(8000).build());
        Iterator<ChatCompletionChunk> chunks = stream.stream().iterator();
        chunks.next();
        await().atMost(ServerProcess.PATIENCE).until(() -> busySlots() == 1);
        long begun = System.nanoTime();
        stream.close();
        await().alias("the slot is idle")
                .pollInterval(java.time.Duration.ofMillis(2))
                .atMost(ServerProcess.PATIENCE)
                .until(() -> busySlots() == 0);
        System.out.printf(
                "the slot is idle %d ms after an HTTP client has left%n",
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
    }

    private static long busySlots() throws IOException {
        return StreamSupport.stream(stories.slots().spliterator(), false)
                .filter(slot -> slot.path("is_processing").asBoolean())
                .count();
    }

    private static HttpResponse<String> post(HttpClient client, String base, String path, String body)
            throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create(base + "/" + path))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"completion", "chat"})
    void aStreamIsTheSameEventByEvent(String which) throws Exception {
        String path = greedy.path(which).path("path").asText();
        String body = body(which);
        HttpResponse<String> answer = post(HttpClient.newHttpClient(), url(), path, body);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type").orElse("")).startsWith("text/event-stream");
        assertThat(RealModelTest.events(answer.body())).isEqualTo(RealModelTest.events(stories.ask(path, body)));
    }

    private static String body(String which) {
        return greedy.path(which)
                .path("body")
                .<ObjectNode>deepCopy()
                .put("stream", true)
                .toString();
    }

    @Test
    void ofSixHundredStreamsEightAtATimeNoneIsLostOrDoubled() throws Exception {
        String body = body("completion");
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build(); // whose connections the door must not close when it pleases
        post(client, url(), "completions", body);
        await().until(() -> busySlots() == 0);
        long before = stories.tokensWritten();
        long begun = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 600; i++) {
                answers.add(threads.submit(() -> post(client, url(), "completions", body)));
            }
            for (Future<HttpResponse<String>> each : answers) {
                HttpResponse<String> answer = each.get(600, TimeUnit.SECONDS);
                assertThat(answer.statusCode()).as(answer::body).isEqualTo(200);
                assertThat(RealModelTest.joined(RealModelTest.events(answer.body())))
                        .isEqualTo(greedy.path("completion").path("text").asText());
            }
        } finally {
            threads.shutdownNow();
        }
        long tokens = stories.tokensWritten() - before;
        System.out.printf(
                "600 streams over HTTP, 8 at a time: %d tokens in %d ms%n",
                tokens, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
        assertThat(tokens)
                .as("each was asked of the backend once")
                .isEqualTo(
                        600 * greedy.path("completion").path("completionTokens").asLong());
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat", "modern"})
    void compatCanaryFindsWhatItFindsDirectly(String profile) throws Exception {
        OtherLanguagesTest.needs("node");
        openai.chat().completions().create(chat().build()); // it is awake
        JsonNode direct = scan(stories.url(), profile);
        JsonNode through = scan(url(), profile);
        System.out.println("compatcanary, " + profile + ": directly " + direct.path("score") + ", through the door "
                + through.path("score"));
        assertThat(findings(through)).isEqualTo(findings(direct)).isNotEmpty();
        assertThat(through.path("compatible")).isEqualTo(direct.path("compatible"));
        assertThat(through.path("score")).isEqualTo(direct.path("score"));
    }

    private static JsonNode scan(String baseUrl, String profile) throws Exception {
        Path report = directory.resolve("canary.json");
        Process process = new ProcessBuilder(
                        Program.root().resolve("e2e/clients/node/run.sh").toString(),
                        "compatcanary",
                        "scan",
                        "--base-url",
                        baseUrl,
                        "--model",
                        "stories",
                        "--profile",
                        profile,
                        "--format",
                        "json",
                        "--fail-on",
                        "never",
                        "--output",
                        report.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return JSON.readTree(report.toFile());
    }

    /** Of each probe its name, status and words; how many chunks there were differs from one run to the next. */
    private static List<String> findings(JsonNode report) {
        List<String> findings = new ArrayList<>();
        report.path("results")
                .forEach(result -> findings.add(result.path("id").asText() + " "
                        + result.path("status").asText() + " "
                        + result.path("summary").asText().replaceAll("\\d+", "N")));
        return findings;
    }
}
