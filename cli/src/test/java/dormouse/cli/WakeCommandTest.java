package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Duration;
import dormouse.v1.Llm;
import dormouse.v1.LlmStatus;
import dormouse.v1.WakeLlmRequest;
import dormouse.v1.WakeProgress;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WakeCommandTest {
    @TempDir
    Path home;

    private FakeServer server;
    private CommandRun cli;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer();
        cli = new CommandRun(home).server(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static WakeProgress progress(LlmStatus status, int seconds) {
        Llm llm = Samples.named("qwen3", status).toBuilder()
                .setExpectedWake(Duration.newBuilder().setSeconds(40))
                .build();
        return WakeProgress.newBuilder()
                .setLlm(llm)
                .setElapsed(Duration.newBuilder().setSeconds(seconds))
                .build();
    }

    @Test
    void a_wake_ends_when_the_llm_is_active() {
        server.wake = answers(progress(LlmStatus.LLM_STATUS_WAKING, 0), progress(LlmStatus.LLM_STATUS_ACTIVE, 12));

        assertThat(cli.run("wake", "qwen3")).isZero();

        assertThat(server.only(WakeLlmRequest.class).getName()).isEqualTo("qwen3");
        assertThat(cli.err()).isEqualTo("qwen3 is ACTIVE, awake after 12 s.\n");
        assertThat(cli.out()).isEmpty();
    }

    @Test
    void a_long_wake_tells_how_far_it_is() throws Exception {
        CompletableFuture<StreamObserver<WakeProgress>> stream = new CompletableFuture<>();
        server.wake = (request, observer) -> {
            observer.onNext(progress(LlmStatus.LLM_STATUS_WAKING, 5));
            stream.complete(observer);
        };

        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> cli.run("wake", "qwen3"));
        stream.get(10, TimeUnit.SECONDS);
        await().until(() -> {
            cli.now = cli.now.plusSeconds(1);
            return cli.err().contains("waking qwen3 … ");
        });
        stream.get().onNext(progress(LlmStatus.LLM_STATUS_ACTIVE, 7));
        stream.get().onCompleted();

        assertThat(running.get(10, TimeUnit.SECONDS)).isZero();
        assertThat(cli.err()).contains(" s of about 40 s\n").endsWith("qwen3 is ACTIVE, awake after 7 s.\n");
    }

    @Test
    void a_wake_that_ends_in_another_status_has_failed() {
        server.wake = answers(progress(LlmStatus.LLM_STATUS_HIBERNATING, 3));

        assertThat(cli.run("wake", "qwen3")).isEqualTo(1);
        assertThat(cli.err())
                .contains("it is HIBERNATING", "dormouse describe qwen3")
                .hasLineCount(1);
    }
}
