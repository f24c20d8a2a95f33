package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.RateLimitException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.audio.transcriptions.TranscriptionCreateParams;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client {@code openai-java}, as its makers ship it, with nothing but the base URL changed. */
class OpenAiJavaTest {
    @TempDir
    static Path directory;

    private static ClientFleet fleet;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        fleet = ClientFleet.start(directory);
        client = client(0);
    }

    @AfterAll
    static void stop() {
        client.close();
        fleet.close();
    }

    private static OpenAIClient client(int retries) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(fleet.baseUrl())
                .apiKey("sk-not-for-the-backend")
                .maxRetries(retries)
                .timeout(Duration.ofSeconds(60))
                .build();
    }

    private static ChatCompletionCreateParams.Builder asking(String llm, String text) {
        return ChatCompletionCreateParams.builder().model(llm).addUserMessage(text);
    }

    private static String text(ChatCompletion answer) {
        return answer.choices().get(0).message().content().orElseThrow();
    }

    @Test
    void theModelsAreThoseThatCanBeHad() {
        assertThat(client.models().list().autoPager().stream().map(Model::id))
                .containsExactlyInAnyOrder("scripted", "sleepy", "grumpy", "herd");
        Model model = client.models().retrieve("sleepy");
        assertThat(model.id()).isEqualTo("sleepy");
        assertThat(model.created()).isPositive();
        assertThatThrownBy(() -> client.models().retrieve("nobody")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void aChat() {
        ChatCompletion answer =
                client.chat().completions().create(asking("scripted", "a story").build());
        assertThat(text(answer)).isEqualTo(ScriptedModel.TEXT);
        assertThat(answer.usage().orElseThrow().totalTokens()).isEqualTo(12);
        assertThat(fleet.last().text()).contains("\"model\":\"" + ScriptedModel.MODEL + "\"");
        assertThat(fleet.last().headers).doesNotContainIgnoringCase("authorization");
        assertThat(fleet.last().headers).doesNotContain("sk-not-for-the-backend");
    }

    @Test
    void aChatStreamed() {
        List<String> words = new ArrayList<>();
        List<Long> totals = new ArrayList<>();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(asking("scripted", "a story")
                        .streamOptions(ChatCompletionStreamOptions.builder()
                                .includeUsage(true)
                                .build())
                        .build())) {
            stream.stream().forEach(chunk -> {
                chunk.usage().ifPresent(usage -> totals.add(usage.totalTokens()));
                chunk.choices().forEach(choice -> choice.delta().content().ifPresent(words::add));
            });
        }
        assertThat(words).isEqualTo(ScriptedModel.WORDS);
        assertThat(totals).containsExactly(12L);
    }

    private static ChatCompletionCreateParams withTool() {
        return asking("scripted", "weather")
                .addFunctionTool(FunctionDefinition.builder()
                        .name("weather")
                        .parameters(FunctionParameters.builder()
                                .putAdditionalProperty("type", JsonValue.from("object"))
                                .putAdditionalProperty(
                                        "properties",
                                        JsonValue.from(Map.of(
                                                "city", Map.of("type", "string"), "days", Map.of("type", "integer"))))
                                .build())
                        .build())
                .build();
    }

    private static ChatCompletionMessageFunctionToolCall toolCall(ChatCompletion answer) {
        assertThat(answer.choices().get(0).finishReason().asString()).isEqualTo("tool_calls");
        return answer.choices()
                .get(0)
                .message()
                .toolCalls()
                .orElseThrow()
                .get(0)
                .asFunction();
    }

    @Test
    void toolsAreCalledWholeAndInPieces() {
        ChatCompletionMessageFunctionToolCall whole =
                toolCall(client.chat().completions().create(withTool()));
        assertThat(whole.function().name()).isEqualTo("weather");
        assertThat(whole.function().arguments()).isEqualTo(ScriptedModel.TOOL_ARGUMENTS);

        ChatCompletionAccumulator pieces = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(withTool())) {
            stream.stream().forEach(pieces::accumulate);
        }
        ChatCompletionMessageFunctionToolCall streamed = toolCall(pieces.chatCompletion());
        assertThat(streamed.id()).isEqualTo("call_1");
        assertThat(streamed.function().name()).isEqualTo("weather");
        assertThat(streamed.function().arguments()).isEqualTo(ScriptedModel.TOOL_ARGUMENTS);
    }

    /** Of what is asked for in {@link #structuredOutput}. */
    public static class Fact {
        public String animal;
        public int hours;
    }

    @Test
    void structuredOutput() {
        Fact fact = client.chat()
                .completions()
                .create(asking("scripted", "a fact").responseFormat(Fact.class).build())
                .choices()
                .get(0)
                .message()
                .content()
                .orElseThrow();
        assertThat(fact.animal).isEqualTo("dormouse");
        assertThat(fact.hours).isEqualTo(20);
        assertThat(fleet.last().text()).contains("json_schema");
    }

    @Test
    void embeddings() {
        List<Float> vector = client.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model("scripted")
                        .input("dormouse")
                        .build())
                .data()
                .get(0)
                .embedding();
        assertThat(vector).containsExactly(0.25f, -1.5f, 3.0f);
    }

    @Test
    void responses() {
        ResponseCreateParams params = ResponseCreateParams.builder()
                .model("scripted")
                .input("a story")
                .build();
        assertThat(client.responses().create(params).output().get(0).asMessage().content().stream()
                        .map(content -> content.asOutputText().text()))
                .containsExactly(ScriptedModel.TEXT);
        try (StreamResponse<ResponseStreamEvent> stream = client.responses().createStreaming(params)) {
            assertThat(stream.stream()
                            .flatMap(event -> event.outputTextDelta().stream())
                            .map(delta -> delta.delta())
                            .collect(Collectors.joining()))
                    .isEqualTo(ScriptedModel.TEXT);
        }
    }

    @Test
    void aTranscriptionIsAForm() {
        assertThat(client.audio()
                        .transcriptions()
                        .create(TranscriptionCreateParams.builder()
                                .model("scripted")
                                .file(new byte[20_000])
                                .build())
                        .asTranscription()
                        .text())
                .isEqualTo("heard it");
    }

    @Test
    void aStreamThatIsClosedEndsAtTheBackend() throws InterruptedException {
        int before = fleet.scripted().exchanges().size();
        StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(asking("scripted", "hang").build());
        Iterator<ChatCompletionChunk> chunks = stream.stream().iterator();
        assertThat(chunks.next().choices().get(0).delta().content()).contains("Dormice ");
        stream.close();
        fleet.awaitAbort(before);
    }

    @Test
    void aClientThatLosesPatienceEndsTheRequestAtTheBackend() throws InterruptedException {
        int before = fleet.scripted().exchanges().size();
        OpenAIClient impatient = OpenAIOkHttpClient.builder()
                .baseUrl(fleet.baseUrl())
                .apiKey("-")
                .maxRetries(0)
                .timeout(Duration.ofMillis(500))
                .build();
        assertThatThrownBy(() -> impatient
                        .chat()
                        .completions()
                        .create(asking("scripted", "mute").build()))
                .isInstanceOf(com.openai.errors.OpenAIIoException.class);
        impatient.close();
        fleet.awaitAbort(before);
    }

    private static OpenAIServiceException refused(ChatCompletionCreateParams.Builder params) {
        return catchThrowableOfType(
                OpenAIServiceException.class, () -> client.chat().completions().create(params.build()));
    }

    @Test
    void anLlmThatNobodyKnowsIsNotFound() {
        OpenAIServiceException error = refused(asking("nobody", "a story"));
        assertThat(error).isInstanceOf(NotFoundException.class).hasMessageContaining("nobody");
        assertThat(error.code()).contains("model_not_found");
    }

    @Test
    void aWrongDeadlineIsABadRequest() {
        OpenAIServiceException error =
                refused(asking("scripted", "a story").putAdditionalHeader("x-dormouse-deadline-total", "soon"));
        assertThat(error).isInstanceOf(BadRequestException.class);
        assertThat(error.code()).contains("malformed");
        assertThat(error).hasMessageContaining("x-dormouse-deadline-total");
    }

    @Test
    void anLlmWhosePublisherIsAwayIsUnavailable() {
        OpenAIServiceException error = refused(asking("away", "a story"));
        assertThat(error).isInstanceOf(InternalServerException.class);
        assertThat(error.statusCode()).isEqualTo(503);
        assertThat(error.code()).contains("llm_inactive");
        assertThat(error.headers().values("retry-after"))
                .singleElement()
                .satisfies(after -> assertThat(Integer.parseInt(after)).isPositive());
    }

    @Test
    void aBackendThatDropsTheConnectionIsABadGateway() {
        OpenAIServiceException error = refused(asking("scripted", "drop"));
        assertThat(error).isInstanceOf(InternalServerException.class);
        assertThat(error.statusCode()).isEqualTo(502);
        assertThat(error.code()).contains("backend_failed");
    }

    @Test
    void aFirstByteThatDoesNotComeIsATimeOut() {
        OpenAIServiceException error =
                refused(asking("scripted", "mute").putAdditionalHeader("x-dormouse-deadline-first-byte", "1s"));
        assertThat(error).isInstanceOf(InternalServerException.class);
        assertThat(error.statusCode()).isEqualTo(504);
        assertThat(error.code()).contains("first_byte_timeout");
    }

    @ParameterizedTest
    @CsvSource({
        "400,BadRequestException",
        "401,UnauthorizedException",
        "422,UnprocessableEntityException",
        "429,RateLimitException",
        "500,InternalServerException",
        "503,InternalServerException"
    })
    void theBackendsOwnErrorIsItsOwn(int status, String type) {
        OpenAIServiceException error = refused(asking("scripted", "fail " + status));
        assertThat(error.getClass().getSimpleName()).isEqualTo(type);
        assertThat(error.statusCode()).isEqualTo(status);
        assertThat(error.code()).contains("scripted");
        assertThat(error.headers().values("retry-after")).containsExactly("1");
    }

    @Test
    void aStreamThatIsRefusedAtOnceHasARealStatus() {
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .createStreaming(asking("scripted", "fail 429").build()))
                .isInstanceOf(RateLimitException.class);
    }

    @Test
    void aStreamThatIsCutOffSaysSo() {
        List<String> words = new ArrayList<>();
        OpenAIServiceException error = catchThrowableOfType(OpenAIServiceException.class, () -> {
            try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                    .completions()
                    .createStreaming(asking("scripted", "cut").build())) {
                stream.stream()
                        .forEach(chunk -> chunk.choices()
                                .forEach(choice -> choice.delta().content().ifPresent(words::add)));
            }
        });
        assertThat(words).containsExactly("Dormice ");
        assertThat(error.code()).contains("backend_failed");
    }

    @Test
    void aWakeThatFailsTwiceIsTriedAgainUntilItSucceeds() {
        OpenAIClient patient = client(2);
        assertThat(text(patient.chat()
                        .completions()
                        .create(asking("grumpy", "a story").build())))
                .isEqualTo(ScriptedModel.TEXT);
        patient.close();
        assertThat(fleet.grumpy().wakes())
                .as("each came after the cool-down that it was told of")
                .isEqualTo(3);
        assertThat(fleet.grumpy().exchanges()).hasSize(1);
    }
}
