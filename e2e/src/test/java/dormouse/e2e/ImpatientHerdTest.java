package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.OpenAIIoException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fifty clients that give up after a second and try again want an Llm that takes longer to boot. */
class ImpatientHerdTest {
    private static final int CLIENTS = 50;

    @TempDir
    Path directory;

    @Test
    void ofFiftyImpatientClientsOneWakeComes() throws Exception {
        AtomicInteger lostPatience = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try (ClientFleet fleet = ClientFleet.start(directory)) {
            OpenAIClient client = OpenAIOkHttpClient.builder()
                    .baseUrl(fleet.baseUrl())
                    .apiKey("-")
                    .maxRetries(0)
                    .timeout(Duration.ofSeconds(1))
                    .build();
            ChatCompletionCreateParams params = ChatCompletionCreateParams.builder()
                    .model("herd")
                    .addUserMessage("a story")
                    .build();
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                answers.add(threads.submit(() -> {
                    while (true) {
                        try {
                            return client.chat()
                                    .completions()
                                    .create(params)
                                    .choices()
                                    .get(0)
                                    .message()
                                    .content()
                                    .orElseThrow();
                        } catch (OpenAIIoException timedOut) {
                            lostPatience.incrementAndGet();
                        }
                    }
                }));
            }
            await().alias("each has given up more than twice, on average")
                    .atMost(ServerProcess.PATIENCE)
                    .until(() -> lostPatience.get() > 2 * CLIENTS);
            assertThat(fleet.server().status("herd")).isEqualTo("WAKING");
            fleet.herd().open();
            for (Future<String> answer : answers) {
                assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo(ScriptedModel.TEXT);
            }
            assertThat(fleet.herd().wakes()).isEqualTo(1);
            client.close();
        } finally {
            threads.shutdownNow();
        }
    }
}
