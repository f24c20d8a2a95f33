package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.LlmStatus;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One published Llm: what is known of its backend, and the one wake or sleep that may be under way.
 *
 * <pre>
 *               asked and answers                    sleep recipe begins, no tasks
 *   (start) ──────────────────────────► ACTIVE ───────────────────────────────────► HIBERNATING (rested)
 *      │                                ▲    │ three checks in a row fail               │
 *      │ does not answer                │    ▼                                          │ wake alone
 *      └──────────────────► HIBERNATING (down, with a wake recipe) or INACTIVE          │
 *                                       ▲    │ a check succeeds, or a wake              │
 *                                       └────┴───────────────► ACTIVE ◄─────────────────┘
 * </pre>
 *
 * <p>What the agent has put to sleep stays HIBERNATING until it is woken, whatever a check would say; so it isn't
 * checked. On the loop alone.
 */
final class LlmHost {
    private static final Logger log = LoggerFactory.getLogger(LlmHost.class);
    private static final int FAILURES_UNTIL_DOWN = 3;

    /** What the hosts of an agent share. */
    record Surroundings(
            Loop loop,
            Function<LlmConfig, CompletableFuture<Availability>> prober,
            Recipes recipes,
            Duration checkInterval,
            Runnable statusChanged) {}

    private final LlmConfig config;
    private final Surroundings around;
    private final Map<String, Consumer<Wake.Outcome>> wakeWaiters = new LinkedHashMap<>();
    private final List<Consumer<@Nullable Status>> sleepWaiters = new ArrayList<>();
    private boolean up;
    private boolean rested;
    private String seen = "not asked yet";
    private int failures;
    private int tasks;
    private boolean closed;
    private @Nullable Wake wake;
    private @Nullable Runnable wakeAfterSleep;
    private Loop.@Nullable Timer nextCheck;

    LlmHost(LlmConfig config, Surroundings around) {
        this.config = config;
        this.around = around;
        this.up = !config.isWakeable();
    }

    LlmConfig config() {
        return config;
    }

    /** Asks the backend for the first time and goes on checking it; completes when the first answer is there. */
    CompletableFuture<Availability> start() {
        return around.prober().apply(config).whenComplete((answer, failure) -> {
            if (answer.up()) {
                up = true;
            }
            note(answer);
            scheduleCheck();
        });
    }

    /** No more checks; a wake or a sleep under way is stopped. */
    void close() {
        closed = true;
        if (nextCheck != null) {
            nextCheck.cancel();
        }
        if (wake != null) {
            wake.stop("the Llm is no longer published");
        }
    }

    LlmStatus status() {
        if (rested || wake != null || !sleepWaiters.isEmpty()) {
            return LlmStatus.LLM_STATUS_HIBERNATING;
        }
        if (up) {
            return LlmStatus.LLM_STATUS_ACTIVE;
        }
        return config.isWakeable() ? LlmStatus.LLM_STATUS_HIBERNATING : LlmStatus.LLM_STATUS_INACTIVE;
    }

    /** Why it is as it is, for a person; empty where it is ACTIVE. */
    String reason() {
        if (wake != null) {
            return "waking";
        }
        if (rested || !sleepWaiters.isEmpty()) {
            return "put to sleep";
        }
        return up ? "" : "backend does not answer: " + seen;
    }

    /** Whether the agent itself has put it to sleep, or is doing so: a task that comes now has to wake it first. */
    boolean isRested() {
        return rested || !sleepWaiters.isEmpty();
    }

    void taskStarted() {
        tasks++;
    }

    void taskEnded() {
        tasks--;
    }

    /** The backend has sent something: that is as good as a check. */
    void backendAnswered() {
        failures = 0;
    }

    /** Wakes it, or joins the wake that is under way. The waiter is told once, on the loop, unless it is forgotten. */
    void wake(String task, Consumer<Wake.Outcome> waiter) {
        wakeWaiters.put(task, waiter);
        if (wake != null) {
            return;
        }
        if (!sleepWaiters.isEmpty()) {
            wakeAfterSleep = this::startWake;
            return;
        }
        startWake();
    }

    /** A waiter doesn't wait any more; when {@code stop} is set and nobody else waits, the wake ends. */
    boolean forgetWake(String task, boolean stop) {
        boolean known = wakeWaiters.remove(task) != null;
        if (known && stop && wakeWaiters.isEmpty() && wake != null) {
            wake.stop("nobody waits for it any more");
        }
        return known;
    }

    private void startWake() {
        long started = around.loop().nanoTime();
        LlmConfig.Wake recipe = config.wake();
        if (recipe == null) {
            Then.accept(around.prober().apply(config), answer -> {
                Status error = answer.up()
                        ? null
                        : Problems.status(
                                Code.UNAVAILABLE,
                                "WAKE_FAILED",
                                "the backend does not answer (" + answer.detail() + ") and has no wake recipe");
                woken(new Wake.Outcome(around.loop().since(started), error));
            });
            return;
        }
        log.info("wake started llm={} recipe=\"{}\"", config.name(), recipe.recipe());
        Wake begun =
                new Wake(around.loop(), recipe, rested, () -> around.prober().apply(config), around.recipes());
        wake = begun;
        Then.accept(begun.start(), this::woken);
    }

    private void woken(Wake.Outcome outcome) {
        LlmStatus before = status();
        wake = null;
        if (outcome.error() == null) {
            up = true;
            rested = false;
            failures = 0;
            log.info("awake llm={} took=\"{}\"", config.name(), Spans.say(outcome.took()));
        } else {
            log.warn(
                    "wake failed llm={} reason=\"{}\"",
                    config.name(),
                    outcome.error().getMessage());
        }
        List<Consumer<Wake.Outcome>> waiters = List.copyOf(wakeWaiters.values());
        wakeWaiters.clear();
        waiters.forEach(waiter -> waiter.accept(outcome));
        changedFrom(before);
    }

    /** Runs the sleep recipe, unless there are tasks. The waiter is told once, on the loop; null: it rests. */
    void sleep(Consumer<@Nullable Status> waiter) {
        LlmConfig.Sleep recipe = config.sleep();
        if (recipe == null) {
            waiter.accept(refusedSleep("the Llm has no sleep recipe"));
        } else if (tasks > 0) {
            waiter.accept(refusedSleep("the Llm is busy: tasks=" + tasks));
        } else if (wake != null) {
            waiter.accept(refusedSleep("the Llm is being woken"));
        } else if (!sleepWaiters.isEmpty()) {
            sleepWaiters.add(waiter);
        } else if (status() != LlmStatus.LLM_STATUS_ACTIVE) {
            waiter.accept(null);
        } else {
            LlmStatus before = status();
            sleepWaiters.add(waiter);
            log.info("sleep started llm={} recipe=\"{}\"", config.name(), recipe.recipe());
            Then.handle(around.recipes().run(recipe.recipe(), recipe.maxWait()), (nothing, failure) -> slept(failure));
            changedFrom(before);
        }
    }

    private void slept(@Nullable Throwable failure) {
        LlmStatus before = status();
        List<Consumer<@Nullable Status>> waiters = List.copyOf(sleepWaiters);
        sleepWaiters.clear();
        Status error = null;
        if (failure == null) {
            rested = true;
            log.info("asleep llm={}", config.name());
        } else {
            error = Problems.status(
                    Code.UNAVAILABLE, "BACKEND_FAILED", "the sleep recipe failed: " + Failures.say(failure));
            log.warn("sleep failed llm={} reason=\"{}\"", config.name(), Failures.say(failure));
        }
        for (Consumer<@Nullable Status> waiter : waiters) {
            waiter.accept(error);
        }
        changedFrom(before);
        Runnable next = wakeAfterSleep;
        wakeAfterSleep = null;
        if (next != null && !closed) {
            next.run();
        }
    }

    private static Status refusedSleep(String why) {
        return Problems.status(Code.FAILED_PRECONDITION, "SLEEP_REFUSED", why);
    }

    private void scheduleCheck() {
        if (!closed) {
            nextCheck = around.loop().after(around.checkInterval(), this::check);
        }
    }

    private void check() {
        if (isRested() || wake != null) {
            scheduleCheck();
            return;
        }
        Then.accept(around.prober().apply(config), answer -> {
            if (!closed && !isRested() && wake == null) {
                LlmStatus before = status();
                note(answer);
                changedFrom(before);
            }
            scheduleCheck();
        });
    }

    private void note(Availability answer) {
        seen = answer.detail();
        if (answer.up()) {
            failures = 0;
            up = true;
        } else if (++failures >= FAILURES_UNTIL_DOWN) {
            up = false;
        }
    }

    private void changedFrom(LlmStatus before) {
        if (status() != before && !closed) {
            log.info("llm changed llm={} status={} reason=\"{}\"", config.name(), word(status()), reason());
            around.statusChanged().run();
        }
    }

    private static String word(LlmStatus status) {
        return status.name().substring("LLM_STATUS_".length());
    }
}
