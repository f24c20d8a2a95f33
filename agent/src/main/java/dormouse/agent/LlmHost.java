package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.LlmStatus;
import io.grpc.Status.Code;
import java.time.Clock;
import java.time.Duration;
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
 *               asked and answers          idle for so long, or asked to sleep: no tasks
 *   (start) ──────────────────────────► ACTIVE ───────────────────────────────────► HIBERNATING (rested)
 *      │                                ▲    │ three checks in a row fail               │
 *      │ does not answer                │    ▼                                          │ wake alone
 *      └──────────────────► HIBERNATING (down, with a wake recipe) or INACTIVE          │
 *                                       ▲    │ a check succeeds, or a wake              │
 *                                       └────┴───────────────► ACTIVE ◄─────────────────┘
 * </pre>
 *
 * <p>What the agent has put to sleep stays HIBERNATING until it is woken, whatever a check would say; so it isn't
 * checked. The idle clock runs while it is up and has no tasks: from its last task's end, from its wake, or from when it
 * was found up. On the loop alone.
 */
final class LlmHost implements Checks.Listener {
    private static final Logger log = LoggerFactory.getLogger(LlmHost.class);

    /**
     * What the hosts of an agent share.
     *
     * @param clock the time of day, with the machine's zone
     */
    record Surroundings(
            Loop loop,
            Function<LlmConfig, CompletableFuture<Availability>> prober,
            Recipes recipes,
            Duration checkInterval,
            Clock clock,
            Runnable statusChanged) {}

    private final LlmConfig config;
    private final Surroundings around;
    private final Map<String, Consumer<Wake.Outcome>> wakeWaiters = new LinkedHashMap<>();
    private final Checks checks;
    private final WakePolicy policy;
    private Rest rest;
    private Occupancy occupancy = new Occupancy();
    private boolean closed;
    private @Nullable Wake wake;
    private @Nullable Runnable wakeAfterSleep;
    private @Nullable LlmHost successor;

    LlmHost(LlmConfig config, Surroundings around) {
        this.config = config;
        this.around = around;
        this.checks = new Checks(around.loop(), this::probe, around.checkInterval(), !config.isWakeable(), this);
        this.policy = new WakePolicy(config, around.loop(), around.clock());
        this.rest = new Rest(around.recipes());
        own();
    }

    /** Rest and occupancy tell this host, and follow its configuration. */
    private void own() {
        rest.tell(this::slept);
        Duration idleAfter = config.sleep() == null ? null : config.sleep().idleAfter();
        occupancy.watch(idleAfter == null ? null : new Watchdog(around.loop(), idleAfter, this::idleForSoLong));
    }

    LlmConfig config() {
        return config;
    }

    /** Asks the backend for the first time and goes on checking it; completes when the first answer is there. */
    CompletableFuture<Availability> start() {
        return checks.start().whenComplete((answer, failure) -> {
            if (checks.isUp()) {
                occupancy.countIdle();
            }
        });
    }

    /**
     * Takes the place of a host that the file described otherwise: where it is the same backend, what runs there and
     * whether it rests are still so. To be called before {@link #start}, and before the other one is closed.
     */
    void succeed(LlmHost earlier) {
        if (!earlier.config.url().equals(config.url())
                || !earlier.config.model().equals(config.model())) {
            return;
        }
        policy.inherit(earlier.policy);
        occupancy.watch(null);
        occupancy = earlier.occupancy;
        if (config.isWakeable()) {
            rest = earlier.rest;
            takeOverWake(earlier);
        }
        own();
    }

    /** Who waits for the backend goes on waiting: it is the same one, however the file describes it now. */
    private void takeOverWake(LlmHost earlier) {
        wakeWaiters.putAll(earlier.wakeWaiters);
        earlier.wakeWaiters.clear();
        wake = earlier.wake;
        earlier.wake = null;
        earlier.successor = this;
        if (earlier.wakeAfterSleep != null) {
            earlier.wakeAfterSleep = null;
            wakeAfterSleep = this::startWake;
        }
    }

    /** No more checks; a wake under way is stopped, a sleep recipe runs to its end. */
    void close() {
        closed = true;
        checks.close();
        String why = "the Llm is no longer published as it was";
        if (wake != null) {
            wake.stop(why);
        } else if (wakeAfterSleep != null) {
            wakeAfterSleep = null;
            woken(new Wake.Outcome(Duration.ZERO, Problems.status(Code.CANCELLED, "WAKE_FAILED", why)));
        }
    }

    LlmStatus status() {
        if (isRested() || wake != null) {
            return LlmStatus.LLM_STATUS_HIBERNATING;
        }
        if (checks.isUp()) {
            return LlmStatus.LLM_STATUS_ACTIVE;
        }
        return config.isWakeable() ? LlmStatus.LLM_STATUS_HIBERNATING : LlmStatus.LLM_STATUS_INACTIVE;
    }

    /** Why it is as it is, for a person; empty where it is ACTIVE. */
    String reason() {
        if (wake != null) {
            return "waking";
        }
        if (isRested()) {
            return "put to sleep";
        }
        return checks.isUp() ? "" : "backend does not answer: " + checks.seen();
    }

    /** Whether the agent itself has put it to sleep, or is doing so: a task that comes now has to wake it first. */
    boolean isRested() {
        return rest.isRested() || rest.isUnderWay();
    }

    void taskStarted() {
        occupancy.taskStarted();
    }

    void taskEnded() {
        occupancy.taskEnded();
    }

    /** The backend has sent something: that is as good as a check. */
    void backendAnswered() {
        checks.heard();
    }

    /** Wakes it, or joins the wake that is under way. The waiter is told once, on the loop, unless it is forgotten. */
    void wake(String task, Consumer<Wake.Outcome> waiter) {
        wakeWaiters.put(task, waiter);
        if (wake != null) {
            return;
        }
        if (rest.isUnderWay()) {
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
            Then.accept(probe(), answer -> {
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
        Wake begun =
                new Wake(around.loop(), recipe, rest.isRested(), this::probe, around.recipes(), () -> granted(recipe));
        wake = begun;
        Then.accept(begun.start(), this::woken);
    }

    private @Nullable Status granted(LlmConfig.Wake recipe) {
        Status refusal = policy.grant();
        if (refusal == null) {
            log.info("wake started llm={} recipe=\"{}\"", config.name(), recipe.recipe());
        }
        return refusal;
    }

    private void woken(Wake.Outcome outcome) {
        if (successor != null) {
            successor.woken(outcome);
            return;
        }
        LlmStatus before = status();
        wake = null;
        if (outcome.error() == null) {
            checks.up();
            rest.rested(false);
            occupancy.countIdle();
            log.info("awake llm={} took=\"{}\"", config.name(), Spans.say(outcome.took()));
        } else {
            log.warn(
                    "not woken llm={} reason=\"{}\"",
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
        } else if (occupancy.tasks() > 0) {
            waiter.accept(refusedSleep("the Llm is busy: tasks=" + occupancy.tasks()));
        } else if (wake != null) {
            waiter.accept(refusedSleep("the Llm is being woken"));
        } else if (rest.isUnderWay()) {
            rest.join(waiter);
        } else if (status() != LlmStatus.LLM_STATUS_ACTIVE) {
            waiter.accept(null);
        } else {
            LlmStatus before = status();
            log.info("sleep started llm={} recipe=\"{}\"", config.name(), recipe.recipe());
            rest.begin(recipe, waiter);
            changedFrom(before);
        }
    }

    private void slept(@Nullable Status error) {
        if (error == null) {
            log.info("asleep llm={}", config.name());
        } else {
            log.warn("sleep failed llm={} reason=\"{}\"", config.name(), error.getMessage());
            occupancy.countIdle();
        }
        changedFrom(LlmStatus.LLM_STATUS_HIBERNATING);
        Runnable next = wakeAfterSleep;
        wakeAfterSleep = null;
        if (next != null && !closed) {
            next.run();
        }
    }

    private void idleForSoLong() {
        if (!closed && occupancy.tasks() == 0 && status() == LlmStatus.LLM_STATUS_ACTIVE) {
            log.info("idle, and so put to sleep llm={}", config.name());
            sleep(error -> {});
        }
    }

    private static Status refusedSleep(String why) {
        return Problems.status(Code.FAILED_PRECONDITION, "SLEEP_REFUSED", why);
    }

    private CompletableFuture<Availability> probe() {
        return around.prober().apply(config);
    }

    @Override
    public boolean wantsCheck() {
        return !isRested() && wake == null;
    }

    @Override
    public void checked(Availability answer) {
        LlmStatus before = status();
        boolean wasUp = checks.isUp();
        checks.note(answer);
        if (checks.isUp() && !wasUp) {
            occupancy.countIdle();
        }
        changedFrom(before);
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
