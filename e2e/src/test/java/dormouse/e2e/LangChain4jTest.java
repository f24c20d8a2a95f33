package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.catalog.ModelDescription;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiModelCatalog;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LangChain4j's models for OpenAI, over the JDK's HTTP client, with nothing but the base URL changed. */
class LangChain4jTest {
    @TempDir
    static Path directory;

    private static ClientFleet fleet;

    @BeforeAll
    static void start() {
        fleet = ClientFleet.start(directory);
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder model(String llm) {
        return OpenAiChatModel.builder()
                .baseUrl(fleet.baseUrl())
                .apiKey("-")
                .modelName(llm)
                .maxRetries(0);
    }

    /** A stream as it is heard. */
    private static final class Heard implements StreamingChatResponseHandler {
        final List<String> words = new CopyOnWriteArrayList<>();
        final CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        private final boolean leaves;

        /** @param leaves whether it goes away after the first word */
        Heard(boolean leaves) {
            this.leaves = leaves;
        }

        @Override
        public void onPartialResponse(PartialResponse partial, PartialResponseContext context) {
            words.add(partial.text());
            if (leaves) {
                context.streamingHandle().cancel();
            }
        }

        @Override
        public void onCompleteResponse(ChatResponse response) {
            end.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            end.completeExceptionally(failure);
        }

        ChatResponse response() {
            return end.orTimeout(60, TimeUnit.SECONDS).join();
        }
    }

    private static Heard streamed(String llm, ChatRequest request, boolean leaves) {
        Heard heard = new Heard(leaves);
        OpenAiStreamingChatModel.builder()
                .baseUrl(fleet.baseUrl())
                .apiKey("-")
                .modelName(llm)
                .build()
                .chat(request, heard);
        return heard;
    }

    private static ChatRequest.Builder asking(String text) {
        return ChatRequest.builder().messages(UserMessage.from(text));
    }

    @Test
    void theModelsAreThoseThatCanBeHad() {
        assertThat(OpenAiModelCatalog.builder().baseUrl(fleet.baseUrl()).apiKey("-").build().listModels().stream()
                        .map(ModelDescription::name))
                .containsExactlyInAnyOrder("scripted", "sleepy", "grumpy", "herd");
    }

    @Test
    void aChatWholeAndStreamed() {
        assertThat(model("scripted").build().chat("a story")).isEqualTo(ScriptedModel.TEXT);

        Heard heard = streamed("scripted", asking("a story").build(), false);
        assertThat(heard.response().aiMessage().text()).isEqualTo(ScriptedModel.TEXT);
        assertThat(heard.response().tokenUsage().totalTokenCount()).isEqualTo(12);
        assertThat(heard.words).isEqualTo(ScriptedModel.WORDS);
    }

    @Test
    void toolsAreCalledWholeAndInPieces() {
        ChatRequest request = asking("weather")
                .toolSpecifications(ToolSpecification.builder()
                        .name("weather")
                        .parameters(JsonObjectSchema.builder()
                                .addStringProperty("city")
                                .build())
                        .build())
                .build();
        for (ChatResponse answer : List.of(
                model("scripted").build().chat(request),
                streamed("scripted", request, false).response())) {
            ToolExecutionRequest call =
                    answer.aiMessage().toolExecutionRequests().get(0);
            assertThat(call.name()).isEqualTo("weather");
            assertThat(call.arguments()).isEqualTo(ScriptedModel.TOOL_ARGUMENTS);
        }
    }

    @Test
    void structuredOutput() {
        ChatRequest request = asking("a fact")
                .responseFormat(ResponseFormat.builder()
                        .type(ResponseFormatType.JSON)
                        .jsonSchema(JsonSchema.builder()
                                .name("fact")
                                .rootElement(JsonObjectSchema.builder()
                                        .addStringProperty("animal")
                                        .build())
                                .build())
                        .build())
                .build();
        assertThat(model("scripted").build().chat(request).aiMessage().text()).isEqualTo(ScriptedModel.STRUCTURED);
        assertThat(fleet.last().text()).contains("json_schema");
    }

    @Test
    void embeddings() {
        assertThat(OpenAiEmbeddingModel.builder()
                        .baseUrl(fleet.baseUrl())
                        .apiKey("-")
                        .modelName("scripted")
                        .build()
                        .embed("dormouse")
                        .content()
                        .vector())
                .containsExactly(ScriptedModel.EMBEDDING);
    }

    @Test
    void aStreamThatIsCancelledEndsAtTheBackend() throws InterruptedException {
        int before = fleet.scripted().exchanges().size();
        Heard heard = streamed("scripted", asking("hang").build(), true);
        Awaitility.await().atMost(ServerProcess.PATIENCE).until(() -> heard.words.size() == 1);
        fleet.awaitAbort(before);
    }

    @Test
    void errorsAreOfTheirClasses() {
        assertThatThrownBy(() -> model("nobody").build().chat("a story")).isInstanceOf(ModelNotFoundException.class);
        assertThatThrownBy(() -> model("scripted")
                        .customHeaders(Map.of("x-dormouse-deadline-total", "soon"))
                        .build()
                        .chat("a story"))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> model("scripted").build().chat("fail 429")).isInstanceOf(RateLimitException.class);
        assertThatThrownBy(() -> model("away").build().chat("a story")).satisfies(error -> status(error, 503));
        assertThatThrownBy(() -> model("scripted").build().chat("drop")).satisfies(error -> status(error, 502));
        assertThatThrownBy(() -> model("scripted")
                        .customHeaders(Map.of("x-dormouse-deadline-first-byte", "1s"))
                        .build()
                        .chat("mute"))
                .satisfies(error -> status(error, 504));
    }

    private static void status(Throwable error, int status) {
        assertThat(error).isInstanceOf(InternalServerException.class);
        assertThat(error.getCause())
                .isInstanceOfSatisfying(
                        HttpException.class,
                        http -> assertThat(http.statusCode()).isEqualTo(status));
    }

    @Test
    void aStreamThatIsCutOffHasNoReasonToHaveFinished() {
        // It passes over the error's frame, as it does with OpenAI's own: this is how its users can tell.
        Heard heard = streamed("scripted", asking("cut").build(), false);
        assertThat(heard.response().finishReason()).isNull();
        assertThat(heard.words).containsExactly("Dormice ");
        assertThat(streamed("scripted", asking("a story").build(), false)
                        .response()
                        .finishReason())
                .isNotNull();
    }

    @Test
    void aWakeThatFailsTwiceIsTriedAgainUntilItSucceeds() {
        // It waits for half a second and does not heed Retry-After, so it also asks within the cool-down.
        assertThat(model("grumpy").maxRetries(10).build().chat("a story")).isEqualTo(ScriptedModel.TEXT);
        assertThat(fleet.grumpy().wakes()).isEqualTo(3);
    }
}
