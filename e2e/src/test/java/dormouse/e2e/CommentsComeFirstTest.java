package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A wake that is so long that comments keep the streams of those who wait; slow, since the first comes after 10 s. */
@Tag("slow")
class CommentsComeFirstTest {
    @TempDir
    Path directory;

    @Test
    void clientsGetTheirStreamsThoughCommentsCameFirst() throws Exception {
        try (ClientFleet fleet = ClientFleet.start(directory)) {
            CompletableFuture<String> openai = CompletableFuture.supplyAsync(() -> openAi(fleet.baseUrl()));
            CompletableFuture<String> anthropic = CompletableFuture.supplyAsync(() -> anthropic(fleet.bareUrl()));
            CompletableFuture<String> langChain = langChain(fleet.baseUrl());
            await().atMost(ServerProcess.PATIENCE)
                    .until(() -> fleet.server().status("sleepy").equals("WAKING"));
            try (RawStream raw = RawStream.open(fleet.baseUrl(), "sleepy")) {
                assertThat(raw.line()).startsWith(":");
                assertThat(raw.line()).as("by now all of them have one").startsWith(":");
                fleet.sleepy().open();
                String line = raw.line();
                while (line.startsWith(":")) {
                    line = raw.line();
                }
                assertThat(line).startsWith("data: {");
            }
            assertThat(openai.get(60, TimeUnit.SECONDS)).isEqualTo(ScriptedModel.TEXT);
            assertThat(anthropic.get(60, TimeUnit.SECONDS)).isEqualTo(ScriptedModel.TEXT);
            assertThat(langChain.get(60, TimeUnit.SECONDS)).isEqualTo(ScriptedModel.TEXT);
            assertThat(fleet.sleepy().wakes()).isEqualTo(1);
        }
    }

    private static String openAi(String url) {
        ChatCompletionAccumulator pieces = ChatCompletionAccumulator.create();
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(url)
                .apiKey("-")
                .maxRetries(0)
                .build();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(ChatCompletionCreateParams.builder()
                        .model("sleepy")
                        .addUserMessage("a story")
                        .build())) {
            stream.stream().forEach(pieces::accumulate);
        }
        client.close();
        return pieces.chatCompletion().choices().get(0).message().content().orElseThrow();
    }

    private static String anthropic(String url) {
        MessageAccumulator pieces = MessageAccumulator.create();
        AnthropicClient client = AnthropicOkHttpClient.builder()
                .baseUrl(url)
                .apiKey("-")
                .maxRetries(0)
                .build();
        try (com.anthropic.core.http.StreamResponse<RawMessageStreamEvent> stream = client.messages()
                .createStreaming(MessageCreateParams.builder()
                        .model("sleepy")
                        .maxTokens(64)
                        .addUserMessage("a story")
                        .build())) {
            stream.stream().forEach(pieces::accumulate);
        }
        client.close();
        return pieces.message().content().get(0).asText().text();
    }

    private static CompletableFuture<String> langChain(String url) {
        CompletableFuture<String> text = new CompletableFuture<>();
        OpenAiStreamingChatModel.builder()
                .baseUrl(url)
                .apiKey("-")
                .modelName("sleepy")
                .build()
                .chat("a story", new StreamingChatResponseHandler() {
                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        text.complete(response.aiMessage().text());
                    }

                    @Override
                    public void onError(Throwable failure) {
                        text.completeExceptionally(failure);
                    }
                });
        return text;
    }
}
