package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.LlmStatus;
import java.net.URI;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An idle backend is put to sleep, and its publisher's policy kept to, on a clock that the test moves. */
class IdleSleepTest {
    private static final Recipe BOOT = new Recipe.Command("boot", List.of());
    private static final Recipe REST = new Recipe.Command("rest", List.of());
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final Duration TINY = Duration.ofMillis(1);

    private final ManualLoop loop = new ManualLoop();
    private final LoopClock clock = new LoopClock(loop, ZonedDateTime.parse("2026-06-10T20:00:00Z"));
    private final List<Recipe> recipes = new ArrayList<>();
    private final List<CompletableFuture<@Nullable Void>> runs = new ArrayList<>();
    private final List<LlmStatus> told = new ArrayList<>();
    private final List<Wake.Outcome> woken = new ArrayList<>();
    private boolean up = true;
    private final Hosts hosts = new Hosts(llm -> new LlmHost(
            llm,
            new LlmHost.Surroundings(
                    loop,
                    asked -> CompletableFuture.completedFuture(new Availability(up, "told so")),
                    (recipe, limit) -> {
                        recipes.add(recipe);
                        CompletableFuture<@Nullable Void> run = new CompletableFuture<>();
                        runs.add(run);
                        return run;
                    },
                    Duration.ofSeconds(15),
                    clock,
                    () -> told.add(host().status()))));

    private static LlmConfig llm(@Nullable Duration idleAfter, LlmConfig.@Nullable Policy policy, int concurrency) {
        return new LlmConfig(
                "qwen",
                URI.create("http://x/v1"),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                concurrency,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(2)),
                new LlmConfig.Wake(BOOT, Duration.ofSeconds(60)),
                new LlmConfig.Sleep(REST, Duration.ofSeconds(60), idleAfter),
                policy);
    }

    private LlmHost host() {
        LlmHost host = hosts.find("qwen");
        assertThat(host).isNotNull();
        return host;
    }

    private void publish(@Nullable Duration idleAfter, LlmConfig.@Nullable Policy policy) {
        publish(llm(idleAfter, policy, 4));
    }

    private void publish(LlmConfig llm) {
        var unused = hosts.publish(List.of(llm));
        loop.run();
    }

    private void wake() {
        host().wake("w" + woken.size(), woken::add);
        loop.run();
    }

    private void recipeRan() {
        runs.get(runs.size() - 1).complete(null);
        loop.run();
    }

    private void recipeFailed() {
        runs.get(runs.size() - 1)
                .completeExceptionally(
                        new RecipeFailed("its command ended with exit code 1", "command rest ended with exit code 1"));
        loop.run();
    }

    private LlmStatus status() {
        return host().status();
    }

    private String lastWake() {
        Status error = woken.get(woken.size() - 1).error();
        return error == null ? "awake" : Problems.reason(error);
    }

    @Test
    void it_is_put_to_sleep_when_it_has_been_idle_since_it_was_found_up() {
        publish(IDLE, null);

        loop.advance(IDLE.minus(TINY));
        assertThat(recipes).isEmpty();
        loop.advance(TINY);

        assertThat(recipes).containsExactly(REST);
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_HIBERNATING); // at once, before the recipe has run
        recipeRan();
        loop.advance(Duration.ofHours(5));
        assertThat(recipes).containsExactly(REST);
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(host().reason()).isEqualTo("put to sleep");
    }

    @Test
    void without_a_time_it_sleeps_by_hand_alone() {
        publish(null, null);
        loop.advance(Duration.ofDays(3));
        assertThat(recipes).isEmpty();
    }

    @Test
    void it_never_sleeps_while_a_task_runs_and_the_time_begins_with_the_end_of_the_last() {
        publish(IDLE, null);
        loop.advance(IDLE.minus(TINY));
        host().taskStarted();
        host().taskStarted();
        loop.advance(Duration.ofHours(3));
        host().taskEnded();
        loop.advance(Duration.ofHours(3));
        assertThat(recipes).isEmpty();

        host().taskEnded();
        loop.advance(IDLE.minus(TINY));
        assertThat(recipes).isEmpty();
        loop.advance(TINY);
        assertThat(recipes).containsExactly(REST);
    }

    @Test
    void each_short_task_begins_the_time_anew() {
        publish(IDLE, null);
        for (int i = 0; i < 20; i++) {
            loop.advance(Duration.ofMinutes(9));
            host().taskStarted();
            host().taskEnded();
        }
        assertThat(recipes).isEmpty();
    }

    @Test
    void what_was_woken_and_not_asked_sleeps_again() {
        publish(IDLE, null);
        loop.advance(IDLE);
        recipeRan();
        loop.advance(Duration.ofHours(1));
        wake();
        recipeRan();
        assertThat(lastWake()).isEqualTo("awake");

        loop.advance(IDLE.minus(TINY));
        assertThat(recipes).containsExactly(REST, BOOT);
        loop.advance(TINY);
        assertThat(recipes).containsExactly(REST, BOOT, REST);
    }

    @Test
    void a_backend_that_is_down_is_not_put_to_sleep_and_counts_anew_when_it_is_back() {
        publish(IDLE, null);
        up = false;
        loop.advance(Duration.ofMinutes(30));
        assertThat(recipes).isEmpty();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);

        up = true;
        loop.advance(Duration.ofSeconds(15));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        loop.advance(IDLE.minus(TINY));
        assertThat(recipes).isEmpty();
        loop.advance(TINY);
        assertThat(recipes).containsExactly(REST);
    }

    @Test
    void a_sleep_that_fails_leaves_it_active_and_is_tried_again_after_another_idle_time() {
        publish(IDLE, null);
        loop.advance(IDLE);
        recipeFailed();
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_HIBERNATING, LlmStatus.LLM_STATUS_ACTIVE);

        loop.advance(IDLE.minus(TINY));
        assertThat(recipes).hasSize(1);
        loop.advance(TINY);
        assertThat(recipes).containsExactly(REST, REST);
    }

    @Test
    void a_task_that_comes_while_the_recipe_runs_has_to_wake_it_and_the_wake_waits_for_its_end() {
        publish(IDLE, null);
        loop.advance(IDLE);
        assertThat(host().isRested()).isTrue(); // which is what a task is refused by, as NOT_AWAKE

        wake();
        assertThat(recipes).containsExactly(REST);
        recipeRan();
        assertThat(recipes).containsExactly(REST, BOOT);
        recipeRan();
        assertThat(lastWake()).isEqualTo("awake");
        assertThat(host().isRested()).isFalse();
    }

    @Test
    void a_wake_that_waits_for_a_sleep_that_fails_finds_it_awake() {
        publish(IDLE, null);
        loop.advance(IDLE);
        wake();
        recipeFailed();
        assertThat(lastWake()).isEqualTo("awake");
        assertThat(recipes).containsExactly(REST);
    }

    @Test
    void a_changed_file_knows_still_what_sleeps_and_what_runs() {
        publish(IDLE, null);
        LlmHost old = host();
        old.taskStarted();
        publish(llm(IDLE, null, 8));
        assertThat(host()).isNotSameAs(old);
        loop.advance(Duration.ofHours(2));
        assertThat(recipes).isEmpty();

        old.taskEnded(); // it finishes as it began
        loop.advance(IDLE);
        assertThat(recipes).containsExactly(REST);
        recipeRan();
        publish(llm(null, null, 2));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        loop.advance(Duration.ofHours(2));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void a_recipe_that_runs_while_the_file_changes_is_waited_for() {
        publish(IDLE, null);
        loop.advance(IDLE);
        publish(llm(IDLE, null, 8));
        told.clear();
        wake();
        assertThat(recipes).containsExactly(REST); // not both at a time

        recipeRan();
        assertThat(recipes).containsExactly(REST, BOOT);
        recipeRan();
        assertThat(lastWake()).isEqualTo("awake");
        assertThat(told).containsExactly(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void who_waits_to_wake_what_is_withdrawn_meanwhile_is_told() {
        publish(IDLE, null);
        loop.advance(IDLE);
        wake();
        var unused = hosts.publish(List.of());
        assertThat(lastWake()).isEqualTo("WAKE_FAILED");
        recipeRan();
        assertThat(recipes).containsExactly(REST);
    }

    @Test
    void an_llm_that_is_withdrawn_is_not_put_to_sleep() {
        publish(IDLE, null);
        var unused = hosts.publish(List.of());
        loop.advance(Duration.ofHours(1));
        assertThat(recipes).isEmpty();
    }

    @Test
    void a_wake_in_quiet_hours_is_refused_and_it_stays_asleep() {
        publish(IDLE, new LlmConfig.Policy(QuietHours.parse("20:00-20:30"), 0));
        loop.advance(IDLE); // being idle counts in quiet hours too
        recipeRan();
        told.clear();

        wake();
        assertThat(lastWake()).isEqualTo("WAKE_REFUSED");
        assertThat(Problems.retryAfter(woken.get(0).error())).contains(Duration.ofMinutes(20));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertThat(told).isEmpty();
        assertThat(recipes).containsExactly(REST);

        loop.advance(Duration.ofMinutes(20));
        wake();
        recipeRan();
        assertThat(lastWake()).isEqualTo("awake");
    }

    @Test
    void an_awake_backend_answers_in_quiet_hours_and_its_wake_is_none() {
        publish(null, new LlmConfig.Policy(QuietHours.parse("20:00-07:00"), 1));
        loop.advance(Duration.ofMinutes(5));
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        for (int i = 0; i < 3; i++) {
            wake();
            assertThat(lastWake()).isEqualTo("awake");
        }
        assertThat(recipes).isEmpty();
    }

    @Test
    void wakes_that_failed_count_and_those_that_found_it_awake_do_not() {
        publish(null, new LlmConfig.Policy(null, 2));
        wake(); // it is up
        up = false;
        loop.advance(Duration.ofMinutes(1));
        wake();
        recipeFailed();
        assertThat(lastWake()).isEqualTo("WAKE_FAILED");
        wake();
        recipeFailed();

        wake();
        assertThat(lastWake()).isEqualTo("WAKE_REFUSED");
        assertThat(recipes).containsExactly(BOOT, BOOT);
        loop.advance(Duration.ofHours(1));
        wake();
        assertThat(recipes).containsExactly(BOOT, BOOT, BOOT);
    }
}
