package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.OpenAIIoException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fifty clients that give up after a second, and ask again, want an Llm that takes longer than that to boot. */
@Tag("slow")
class ImpatientHerdTest {
    private static final int CLIENTS = 50;
    private static final int TIMES = 3;

    @TempDir
    Path directory;

    private ClientFleet fleet;

    @BeforeEach
    void start() {
        fleet = ClientFleet.start(directory);
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    private OpenAIClient client(Duration patience) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(fleet.baseUrl())
                .apiKey("-")
                .maxRetries(0)
                .timeout(patience)
                .build();
    }

    private static String ask(OpenAIClient client) {
        return client.chat()
                .completions()
                .create(ChatCompletionCreateParams.builder()
                        .model("herd")
                        .addUserMessage("a story")
                        .build())
                .choices()
                .get(0)
                .message()
                .content()
                .orElseThrow();
    }

    @Test
    void ofFiftyImpatientClientsOneWakeComes() throws Exception {
        OpenAIClient impatient = client(Duration.ofSeconds(1));
        OpenAIClient patient = client(Duration.ofSeconds(60));
        CountDownLatch lostPatience = new CountDownLatch(CLIENTS * TIMES);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                answers.add(threads.submit(() -> {
                    for (int time = 0; time < TIMES; time++) {
                        try {
                            ask(impatient);
                        } catch (OpenAIIoException timedOut) {
                            lostPatience.countDown();
                        }
                    }
                    return ask(patient);
                }));
            }
            assertThat(lostPatience.await(60, TimeUnit.SECONDS))
                    .as("each has given up thrice")
                    .isTrue();
            assertThat(fleet.server().status("herd")).isEqualTo("WAKING");
            fleet.herd().open();
            for (Future<String> answer : answers) {
                assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo(ScriptedModel.TEXT);
            }
            assertThat(fleet.herd().wakes()).isEqualTo(1);
            assertThat(fleet.herd().exchanges())
                    .as("for those that had given up nothing was asked")
                    .hasSize(CLIENTS);
        } finally {
            threads.shutdownNow();
            impatient.close();
            patient.close();
        }
    }
}
