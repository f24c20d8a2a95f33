package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.LlmStatus;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The life of a published Llm, on a clock that the test moves. */
class LlmHostTest {
    private static final Recipe BOOT = new Recipe.WakeOnLan("aa:bb:cc:dd:ee:ff", "127.0.0.1", 9);
    private static final Recipe COMMAND = new Recipe.Command("boot", List.of());
    private static final Recipe REST = new Recipe.Command("rest", List.of());

    private final ManualLoop loop = new ManualLoop();
    private final List<CompletableFuture<@Nullable Void>> runs = new ArrayList<>();
    private final List<Recipe> recipes = new ArrayList<>();
    private final List<Long> probedAt = new ArrayList<>();
    private final List<LlmStatus> told = new ArrayList<>();
    private final List<Wake.Outcome> woken = new ArrayList<>();
    private final List<@Nullable Status> slept = new ArrayList<>();
    private final Clock clock = new LoopClock(loop, ZonedDateTime.parse("2026-06-10T12:00:00Z"));
    private boolean up;
    private LlmHost host = host(BOOT);

    private LlmHost host(@Nullable Recipe wake) {
        LlmConfig config = new LlmConfig(
                "qwen",
                URI.create("http://x/v1"),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(2)),
                wake == null ? null : new LlmConfig.Wake(wake, Duration.ofSeconds(60)),
                wake == null ? null : new LlmConfig.Sleep(REST, Duration.ofSeconds(60), null),
                null);
        return new LlmHost(
                config,
                new LlmHost.Surroundings(
                        loop,
                        asked -> {
                            probedAt.add(Duration.ofNanos(loop.nanoTime()).toMillis());
                            return CompletableFuture.completedFuture(new Availability(up, "HTTP"));
                        },
                        (recipe, limit) -> {
                            recipes.add(recipe);
                            CompletableFuture<@Nullable Void> run = new CompletableFuture<>();
                            runs.add(run);
                            return run;
                        },
                        Duration.ofSeconds(15),
                        clock,
                        () -> told.add(host.status())));
    }

    private void start(boolean answers) {
        up = answers;
        var unused = host.start();
        loop.run();
        probedAt.clear();
    }

    private void wake(String task) {
        host.wake(task, woken::add);
        loop.run();
    }

    private void recipeRan() {
        runs.get(runs.size() - 1).complete(null);
        loop.run();
    }

    private static String reason(@Nullable Status status) {
        return status == null ? "" : Problems.reason(status);
    }

    @Test
    void a_sleeping_backend_with_a_recipe_starts_hibernating() {
        start(false);
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void a_backend_without_a_recipe_starts_active_even_where_it_does_not_answer() {
        host = host(null);
        start(false);
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void a_backend_that_dies_is_told_after_three_checks_and_back_with_the_first_that_succeeds() {
        start(true);
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);

        up = false;
        loop.advance(Duration.ofSeconds(44));
        assertThat(told).isEmpty();
        loop.advance(Duration.ofSeconds(1));
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_HIBERNATING);

        up = true;
        loop.advance(Duration.ofSeconds(15));
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_HIBERNATING, LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void checks_that_fail_but_not_in_a_row_change_nothing() {
        start(true);
        for (int i = 0; i < 6; i++) {
            up = i % 3 == 2;
            loop.advance(Duration.ofSeconds(15));
        }
        assertThat(told).isEmpty();
    }

    @Test
    void bytes_of_an_answer_are_as_good_as_a_check() {
        start(true);
        up = false;
        for (int i = 0; i < 10; i++) {
            loop.advance(Duration.ofSeconds(30));
            host.backendAnswered();
        }
        assertThat(told).isEmpty();
    }

    @Test
    void a_dead_backend_without_a_recipe_is_inactive() {
        host = host(null);
        start(true);
        up = false;
        loop.advance(Duration.ofSeconds(45));
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void a_wake_runs_the_recipe_once_for_all_who_wait() {
        start(false);
        wake("w1");
        wake("w2");
        assertThat(recipes).containsExactly(BOOT);
        recipeRan();
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);

        up = true;
        loop.advance(Duration.ofSeconds(1));

        assertThat(woken)
                .hasSize(2)
                .allSatisfy(outcome -> assertThat(outcome.error()).isNull());
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void polling_begins_quickly_and_backs_off_to_a_second() {
        start(false);
        wake("w1");
        probedAt.clear();
        recipeRan();
        loop.advance(Duration.ofSeconds(10));

        assertThat(probedAt.subList(0, 6)).containsExactly(0L, 20L, 50L, 95L, 162L, 263L);
        assertThat(probedAt.stream().filter(at -> at > 4_000)).hasSizeBetween(5, 7);
    }

    @Test
    void a_backend_that_answers_already_needs_no_recipe() {
        start(false);
        up = true;
        wake("w1");

        assertThat(recipes).isEmpty();
        assertThat(woken).hasSize(1);
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void a_failed_recipe_fails_the_wake_and_the_next_one_tries_again() {
        start(false);
        wake("w1");
        runs.get(0)
                .completeExceptionally(new RecipeFailed(
                        "its command ended with exit code 3", "command boot ended with exit code 3: no GPU"));
        loop.run();

        assertThat(reason(woken.get(0).error())).isEqualTo("WAKE_FAILED");
        assertThat(woken.get(0).error())
                .isNotNull()
                .satisfies(error -> assertThat(error.getMessage())
                        .isEqualTo("the wake recipe failed: its command ended with exit code 3"));
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        wake("w2");
        assertThat(recipes).containsExactly(BOOT, BOOT);
    }

    @Test
    void a_backend_that_never_answers_ends_the_wake_at_its_time() {
        start(false);
        wake("w1");
        recipeRan();
        loop.advance(Duration.ofMillis(59_999));
        assertThat(woken).isEmpty();
        loop.advance(Duration.ofMillis(1));
        assertThat(reason(woken.get(0).error())).isEqualTo("WAKE_TIMEOUT");
    }

    @Test
    void a_recipe_that_never_ends_ends_with_the_wake() {
        start(false);
        wake("w1");
        loop.advance(Duration.ofSeconds(60));
        assertThat(reason(woken.get(0).error())).isEqualTo("WAKE_TIMEOUT");
        assertThat(runs.get(0)).isCancelled();
    }

    @Test
    void a_command_that_is_the_backend_itself_is_let_be_once_it_answers() {
        host = host(COMMAND);
        start(false);
        wake("w1");
        assertThat(runs.get(0)).isNotDone();
        up = true;
        loop.advance(Duration.ofSeconds(1));

        assertThat(woken.get(0).error()).isNull();
        assertThat(runs.get(0)).isCompleted();
    }

    @Test
    void the_last_waiter_that_is_cancelled_stops_the_recipe() {
        start(false);
        wake("w1");
        wake("w2");
        host.forgetWake("w1", true);
        assertThat(runs.get(0)).isNotDone();
        host.forgetWake("w2", true);
        assertThat(runs.get(0)).isCancelled();
        assertThat(woken).isEmpty();
    }

    @Test
    void a_wake_whose_stream_is_lost_goes_on() {
        start(false);
        wake("w1");
        host.forgetWake("w1", false);
        recipeRan();
        up = true;
        loop.advance(Duration.ofSeconds(1));
        assertThat(woken).isEmpty();
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void what_has_been_put_to_sleep_stays_so_whatever_it_answers() {
        start(true);
        host.sleep(slept::add);
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(host.isRested()).isTrue();
        recipeRan();
        assertThat(slept).containsExactly((Status) null);

        loop.advance(Duration.ofMinutes(10));
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);

        wake("w1");
        assertThat(recipes).containsExactly(REST, BOOT);
        recipeRan();
        assertThat(woken.get(0).error()).isNull();
        assertThat(host.isRested()).isFalse();
    }

    @Test
    void a_backend_with_tasks_is_never_put_to_sleep() {
        start(true);
        host.taskStarted();
        host.sleep(slept::add);
        assertThat(reason(slept.get(0))).isEqualTo("SLEEP_REFUSED");
        assertThat(recipes).isEmpty();
        host.taskEnded();
        host.sleep(slept::add);
        assertThat(recipes).containsExactly(REST);
    }

    @Test
    void without_a_sleep_recipe_there_is_no_sleep() {
        host = host(null);
        start(true);
        host.sleep(slept::add);
        assertThat(reason(slept.get(0))).isEqualTo("SLEEP_REFUSED");
    }

    @Test
    void a_file_that_changes_while_it_wakes_fails_nobody_who_waits() {
        start(false);
        wake("w1");
        LlmHost before = host;
        host = host(REST);
        host.succeed(before);
        start(false);
        before.close();
        wake("w2");
        assertThat(woken).isEmpty();
        assertThat(recipes).as("the one wake goes on").containsExactly(BOOT);

        recipeRan();
        up = true;
        loop.advance(Duration.ofSeconds(2));
        assertThat(woken)
                .hasSize(2)
                .allSatisfy(outcome -> assertThat(outcome.error()).isNull());
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void a_wake_that_races_a_sleep_waits_for_its_end() {
        start(true);
        host.sleep(slept::add);
        wake("w1");
        assertThat(recipes).containsExactly(REST);
        recipeRan();
        assertThat(recipes).containsExactly(REST, BOOT);
        recipeRan();
        assertThat(woken.get(0).error()).isNull();
    }

    @Test
    void a_sleep_that_fails_leaves_it_active() {
        start(true);
        host.sleep(slept::add);
        runs.get(0)
                .completeExceptionally(new RecipeFailed("its request was answered 500", "POST http://x answered 500"));
        loop.run();
        assertThat(reason(slept.get(0))).isEqualTo("BACKEND_FAILED");
        assertThat(host.status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }
}
