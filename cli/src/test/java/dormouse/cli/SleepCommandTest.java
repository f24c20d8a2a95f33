package dormouse.cli;

import static dormouse.cli.FakeServer.answers;
import static dormouse.cli.FakeServer.fails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.contract.Problems;
import dormouse.v1.Llm;
import dormouse.v1.LlmStatus;
import dormouse.v1.SleepLlmRequest;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SleepCommandTest {
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

    @Test
    void a_sleep_ends_when_the_llm_is_hibernating() {
        server.sleep = answers(Samples.named("qwen3", LlmStatus.LLM_STATUS_HIBERNATING));

        assertThat(cli.run("sleep", "qwen3")).isZero();

        assertThat(server.only(SleepLlmRequest.class).getName()).isEqualTo("qwen3");
        assertThat(cli.err()).isEqualTo("qwen3 is HIBERNATING.\n");
        assertThat(cli.out()).isEmpty();
    }

    @Test
    void a_long_sleep_tells_how_long_it_takes() throws Exception {
        CompletableFuture<StreamObserver<Llm>> call = new CompletableFuture<>();
        server.sleep = (request, observer) -> call.complete(observer);

        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> cli.run("sleep", "qwen3"));
        call.get(10, TimeUnit.SECONDS);
        await().until(() -> {
            cli.now = cli.now.plusSeconds(1);
            return cli.err().contains("resting qwen3 … ");
        });
        call.get().onNext(Samples.named("qwen3", LlmStatus.LLM_STATUS_HIBERNATING));
        call.get().onCompleted();

        assertThat(running.get(10, TimeUnit.SECONDS)).isZero();
        assertThat(cli.err()).matches("resting qwen3 … \\d+ s\nqwen3 is HIBERNATING.\n");
    }

    @Test
    void one_that_a_task_has_woken_meanwhile_was_put_to_sleep_all_the_same() {
        server.sleep = answers(Samples.named("qwen3", LlmStatus.LLM_STATUS_WAKING));

        assertThat(cli.run("sleep", "qwen3")).isZero();
        assertThat(cli.err()).isEqualTo("qwen3 was put to sleep and is WAKING by now.\n");
    }

    @Test
    void a_refusal_says_why_and_where_to_look() {
        server.sleep = fails(Problems.exception(
                Problems.status(Code.FAILED_PRECONDITION, "SLEEP_REFUSED", "qwen3 is busy: tasks=2")));

        assertThat(cli.run("sleep", "qwen3")).isEqualTo(1);
        assertThat(cli.err())
                .isEqualTo("dormouse: qwen3 is busy: tasks=2 (SLEEP_REFUSED). "
                        + "`dormouse describe` shows its tasks and whether it can sleep.\n");
    }

    @Test
    void a_recipe_that_failed_is_told_with_its_reason() {
        server.sleep = fails(Problems.exception(Problems.status(
                Code.UNAVAILABLE,
                "BACKEND_FAILED",
                "the sleep recipe failed: command rest ended with exit code 3",
                Duration.ofSeconds(5),
                Map.of())));

        assertThat(cli.run("sleep", "qwen3")).isEqualTo(1);
        assertThat(cli.err())
                .isEqualTo("dormouse: the sleep recipe failed: command rest ended with exit code 3 (BACKEND_FAILED). "
                        + "Try again in 5 s.\n");
    }
}
