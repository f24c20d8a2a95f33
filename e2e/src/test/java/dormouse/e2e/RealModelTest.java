package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import dormouse.v1.ChatEvent;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.InferRequest;
import dormouse.v1.InferenceServiceGrpc;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
 * A real model server, woken by the agent's recipe. With temperature 0 its text is the same each time, so that what comes
 * through Dormouse can be held against what is known and against what it says directly. See {@code e2e/llama/README.md}.
 */
@Tag("slow")
class RealModelTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path directory;

    private static @Nullable ServerProcess server;
    private static @Nullable LlamaServer llama;
    private static @Nullable AgentProcess agent;
    private static JsonNode greedy = JSON.nullNode();

    @BeforeAll
    static void anInferBootsIt() throws IOException {
        llama = new LlamaServer(directory, variable("DORMOUSE_LLAMA_SERVER"), variable("DORMOUSE_MODEL"));
        try (InputStream known = RealModelTest.class.getResourceAsStream("/llama/greedy.json")) {
            greedy = JSON.readTree(known);
        }
        server = ServerProcess.start(directory);
        agent = AgentProcess.start(directory, "ana", server.address(), llama.llm("stories", 8));
        server.awaitStatus("stories", "HIBERNATING");
        assertThat(llama.isUp()).isFalse();

        Call first = infer("completion", false);
        assertThat(first.end()).as(first::toString).isEqualTo("OK");
        assertThat(first.phases()).contains("KIND_WAKING");
        assertThat(server.status("stories")).isEqualTo("ACTIVE");
        assertThat(llama.isUp()).isTrue();
    }

    @AfterAll
    static void stop() {
        if (agent != null) {
            agent.close();
        }
        if (llama != null) {
            llama.close();
        }
        if (server != null) {
            server.close();
        }
    }

    static String variable(String name) {
        String value = System.getenv(name);
        if (value == null || value.isBlank()) {
            String reason = "skipped: " + name + " is not set; e2e/llama/README.md says to what";
            System.out.println(reason);
            abort(reason);
        }
        return value;
    }

    private static String body(String which, boolean streamed) {
        return greedy.path(which)
                .path("body")
                .<ObjectNode>deepCopy()
                .put("stream", streamed)
                .toString();
    }

    private static String path(String which) {
        return greedy.path(which).path("path").asText();
    }

    private static Call infer(String which, boolean streamed) {
        return infer(path(which), body(which, streamed));
    }

    private static Call infer(String path, String body) {
        InferRequest request = InferRequest.newBuilder()
                .setLlm("stories")
                .setPath(path)
                .setInput(ByteString.copyFromUtf8(body))
                .build();
        return Call.start(server.inference(), request, Integer.MAX_VALUE);
    }

    /** The events of a stream, without what differs from call to call. */
    static List<String> events(String stream) throws IOException {
        List<String> events = new ArrayList<>();
        for (String event : stream.split("\n\n")) {
            assertThat(event).startsWith("data: ");
            String data = event.substring("data: ".length());
            if (data.equals("[DONE]")) {
                events.add(data);
            } else {
                ObjectNode object = (ObjectNode) JSON.readTree(data);
                events.add(object.remove(List.of("id", "created", "timings")).toString());
            }
        }
        return events;
    }

    private static String textOf(JsonNode choice) {
        JsonNode content = choice.path("delta").path("content");
        return (content.isTextual() ? content : choice.path("message").path("content"))
                .asText(choice.path("text").asText());
    }

    static String joined(List<String> events) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String event : events) {
            if (!event.equals("[DONE]")) {
                text.append(textOf(JSON.readTree(event).path("choices").path(0)));
            }
        }
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"completion", "chat"})
    void theTextIsWhatItIsKnownToBeAndWhatItIsDirectly(String which) throws IOException, InterruptedException {
        Call call = infer(which, false);
        assertThat(call.end()).as(call::toString).isEqualTo("OK");
        JsonNode answer = JSON.readTree(call.text());
        JsonNode known = greedy.path(which);
        assertThat(textOf(answer.path("choices").path(0)))
                .isEqualTo(known.path("text").asText());
        assertThat(answer.path("usage").path("prompt_tokens")).isEqualTo(known.path("promptTokens"));
        assertThat(answer.path("usage").path("completion_tokens")).isEqualTo(known.path("completionTokens"));

        JsonNode direct = JSON.readTree(llama.ask(path(which), body(which, false)));
        assertThat(answer.path("choices")).isEqualTo(direct.path("choices"));
        assertThat(answer.fieldNames()).toIterable().containsExactlyElementsOf(direct::fieldNames);
    }

    @ParameterizedTest
    @ValueSource(strings = {"completion", "chat"})
    void aStreamIsTheSameEventByEvent(String which) throws IOException, InterruptedException {
        Call call = infer(which, true);
        assertThat(call.end()).as(call::toString).isEqualTo("OK");
        assertThat(call.contentType()).startsWith("text/event-stream");

        List<String> events = events(call.text());
        assertThat(events).isEqualTo(events(llama.ask(path(which), body(which, true))));
        assertThat(events).hasSizeGreaterThan(50).endsWith("[DONE]");
        assertThat(joined(events)).isEqualTo(greedy.path(which).path("text").asText());
    }

    @Test
    void aTypedChatIsTheSameText() {
        JsonNode body = greedy.path("chat").path("body");
        ChatRequest.Builder request = ChatRequest.newBuilder()
                .setLlm("stories")
                .setTemperature(body.path("temperature").asDouble())
                .setMaxTokens(body.path("max_tokens").asInt());
        body.path("messages")
                .forEach(message -> request.addMessages(ChatMessage.newBuilder()
                        .setRole(message.path("role").asText())
                        .setContent(message.path("content").asText())));
        List<ChatEvent> events = new ArrayList<>();
        InferenceServiceGrpc.newBlockingStub(server.newChannel())
                .chat(request.build())
                .forEachRemaining(events::add);

        JsonNode known = greedy.path("chat");
        StringBuilder text = new StringBuilder();
        events.forEach(event -> text.append(event.getText()));
        assertThat(text).hasToString(known.path("text").asText());
        ChatEvent last = events.get(events.size() - 1);
        assertThat(last.getFinished().getFinishReason())
                .isEqualTo(known.path("finishReason").asText());
        assertThat(last.getFinished().getUsage().getPromptTokens())
                .isEqualTo(known.path("promptTokens").asInt());
        assertThat(last.getFinished().getUsage().getCompletionTokens())
                .isEqualTo(known.path("completionTokens").asInt());
    }

    @Test
    void aCancelMidStreamMakesTheSlotIdle() {
        Call call = infer(
                "completions",
                "{\"model\":\"stories\",\"prompt\":\"Once upon a time\",\"temperature\":0,\"max_tokens\":8000,\"stream\":true}");
        call.awaitFirstByte();
        await().atMost(ServerProcess.PATIENCE).until(() -> slotsOfLongAnswers(true) == 1);

        long begun = System.nanoTime();
        call.cancel();
        await().alias("the slot is idle")
                .pollInterval(Duration.ofMillis(2))
                .atMost(ServerProcess.PATIENCE)
                .until(() -> slotsOfLongAnswers(true) == 0);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        await().alias("cut off, not come to its end").until(() -> slotsOfLongAnswers(false) == 1);
        System.out.printf("the slot is idle %d ms after its client left%n", millis);
    }

    /** Of 8,000 tokens that have not been written to the last. */
    private static long slotsOfLongAnswers(boolean processing) throws IOException {
        return StreamSupport.stream(llama.slots().spliterator(), false)
                .filter(slot -> slot.path("is_processing").asBoolean() == processing)
                .filter(slot -> slot.path("params").path("max_tokens").asInt() == 8000)
                .filter(slot ->
                        slot.path("next_token").path(0).path("has_next_token").asBoolean())
                .count();
    }

    @Test
    void ofSixHundredStreamsEightAtATimeNoneIsLostOrDoubled() throws Exception {
        long before = llama.tokensWritten();
        long begun = System.nanoTime();
        ExecutorService clients = Executors.newFixedThreadPool(8);
        try {
            List<Future<Call>> calls = new ArrayList<>();
            for (int i = 0; i < 600; i++) {
                calls.add(clients.submit(() -> {
                    Call call = infer("completion", true);
                    call.end();
                    return call;
                }));
            }
            for (Future<Call> each : calls) {
                Call call = each.get(600, TimeUnit.SECONDS);
                assertThat(call.end()).as(call::toString).isEqualTo("OK");
                assertThat(joined(events(call.text())))
                        .isEqualTo(greedy.path("completion").path("text").asText());
            }
        } finally {
            clients.shutdownNow();
        }
        long tokens = llama.tokensWritten() - before;
        System.out.printf(
                "600 streams, 8 at a time: %d tokens in %d ms%n",
                tokens, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
        assertThat(tokens)
                .as("each was asked of the backend once")
                .isEqualTo(
                        600 * greedy.path("completion").path("completionTokens").asLong());
    }
}
