package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.AnthropicServiceException;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.InternalServerException;
import com.anthropic.errors.NotFoundException;
import com.anthropic.errors.RateLimitException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolUseBlock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client {@code anthropic-java}, as its makers ship it, with nothing but the base URL changed. */
class AnthropicJavaTest {
    @TempDir
    static Path directory;

    private static ClientFleet fleet;
    private static AnthropicClient client;

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

    private static AnthropicClient client(int retries) {
        return AnthropicOkHttpClient.builder()
                .baseUrl(fleet.bareUrl()) // it adds /v1 itself
                .apiKey("sk-not-for-the-backend")
                .maxRetries(retries)
                .timeout(Duration.ofSeconds(60))
                .build();
    }

    private static MessageCreateParams.Builder asking(String llm, String text) {
        return MessageCreateParams.builder().model(llm).maxTokens(64).addUserMessage(text);
    }

    private static MessageCreateParams withTool() {
        return asking("scripted", "weather")
                .addTool(Tool.builder()
                        .name("weather")
                        .inputSchema(Tool.InputSchema.builder()
                                .properties(Tool.InputSchema.Properties.builder()
                                        .putAdditionalProperty("city", JsonValue.from(Map.of("type", "string")))
                                        .build())
                                .build())
                        .build())
                .build();
    }

    private static String text(Message message) {
        return message.content().get(0).asText().text();
    }

    private static Message streamed(MessageCreateParams params) {
        MessageAccumulator pieces = MessageAccumulator.create();
        try (StreamResponse<RawMessageStreamEvent> stream = client.messages().createStreaming(params)) {
            stream.stream().forEach(pieces::accumulate);
        }
        return pieces.message();
    }

    @Test
    void aMessage() {
        Message message = client.messages().create(asking("scripted", "a story").build());
        assertThat(text(message)).isEqualTo(ScriptedModel.TEXT);
        assertThat(message.usage().outputTokens()).isEqualTo(5);
        assertThat(fleet.last().path).isEqualTo("/v1/messages");
        assertThat(fleet.last().headers).containsIgnoringCase("anthropic-version");
        assertThat(fleet.last().headers).doesNotContainIgnoringCase("x-api-key");
        assertThat(fleet.last().headers).doesNotContain("sk-not-for-the-backend");
    }

    @Test
    void aMessageStreamed() {
        Message message = streamed(asking("scripted", "a story").build());
        assertThat(text(message)).isEqualTo(ScriptedModel.TEXT);
        assertThat(message.stopReason().orElseThrow().asString()).isEqualTo("end_turn");
    }

    @Test
    void toolsAreCalledWholeAndInPieces() {
        for (Message message : new Message[] {client.messages().create(withTool()), streamed(withTool())}) {
            ToolUseBlock use = message.content().get(0).asToolUse();
            assertThat(use.name()).isEqualTo("weather");
            assertThat(use._input().convert(Map.class)).isEqualTo(Map.of("city", "Pirna", "days", 3));
        }
    }

    @Test
    void aStreamThatIsClosedEndsAtTheBackend() throws InterruptedException {
        int before = fleet.scripted().exchanges().size();
        StreamResponse<RawMessageStreamEvent> stream =
                client.messages().createStreaming(asking("scripted", "hang").build());
        assertThat(stream.stream().iterator().next().isMessageStart()).isTrue();
        stream.close();
        fleet.awaitAbort(before);
    }

    private static AnthropicServiceException refused(MessageCreateParams.Builder params) {
        return catchThrowableOfType(
                AnthropicServiceException.class, () -> client.messages().create(params.build()));
    }

    @Test
    void errorsAreOfTheirClasses() {
        AnthropicServiceException nobody = refused(asking("nobody", "a story"));
        assertThat(nobody).isInstanceOf(NotFoundException.class);
        assertThat(nobody.errorType().orElseThrow().asString()).isEqualTo("not_found_error");
        assertThat(nobody.apiMessage().orElseThrow()).contains("nobody");

        AnthropicServiceException wrong =
                refused(asking("scripted", "a story").putAdditionalHeader("x-dormouse-deadline-total", "soon"));
        assertThat(wrong).isInstanceOf(BadRequestException.class);
        assertThat(wrong.errorType().orElseThrow().asString()).isEqualTo("invalid_request_error");

        AnthropicServiceException away = refused(asking("away", "a story"));
        assertThat(away).isInstanceOf(InternalServerException.class);
        assertThat(away.statusCode()).isEqualTo(503);

        assertThat(refused(asking("scripted", "drop")).statusCode()).isEqualTo(502);
        assertThat(refused(asking("scripted", "mute").putAdditionalHeader("x-dormouse-deadline-first-byte", "1s"))
                        .statusCode())
                .isEqualTo(504);
        assertThat(refused(asking("scripted", "fail 429"))).isInstanceOf(RateLimitException.class);
    }

    @Test
    void aStreamThatIsCutOffSaysSo() {
        AnthropicServiceException error = catchThrowableOfType(
                AnthropicServiceException.class,
                () -> streamed(asking("scripted", "cut").build()));
        assertThat(error.body().toString()).contains("type=error");
    }

    @Test
    void aWakeThatFailsTwiceIsTriedAgainUntilItSucceeds() {
        AnthropicClient patient = client(2);
        assertThat(text(patient.messages().create(asking("grumpy", "a story").build())))
                .isEqualTo(ScriptedModel.TEXT);
        patient.close();
        assertThat(fleet.grumpy().wakes())
                .as("each came after the cool-down that it was told of")
                .isEqualTo(3);
    }
}
