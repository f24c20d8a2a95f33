package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One wake: the recipe, then asking the backend until it answers, quickly at first so that one that is up in 200 ms is
 * used after 200 ms. A backend that answers already, and was not put to sleep by us, needs no recipe. A command that
 * does not end (it may be the backend itself) is let be once the backend answers. On the loop alone.
 */
final class Wake {
    private static final Logger log = LoggerFactory.getLogger(Wake.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    /** The wake's own clock, which cancels the recipe, is the one that says that it took too long. */
    private static final Duration RECIPE_SLACK = Duration.ofSeconds(1);

    /** How a wake ended: {@code error} is null where the backend is awake. */
    record Outcome(Duration took, @Nullable Status error) {}

    private final Loop loop;
    private final LlmConfig.Wake config;
    private final boolean asleep;
    private final Supplier<CompletableFuture<Availability>> probe;
    private final Recipes recipes;
    private final Supplier<@Nullable Status> policy;
    private final CompletableFuture<Outcome> done = new CompletableFuture<>();
    private final long started;
    private Duration pause = FIRST_PAUSE;
    private String lastSeen = "";
    private boolean polling;
    private @Nullable CompletableFuture<@Nullable Void> run;
    private Loop.@Nullable Timer limit;
    private Loop.@Nullable Timer nextPoll;

    /**
     * @param asleep whether the agent has put the backend to sleep, so that an answer proves nothing
     * @param policy asked before the recipe is run; what it answers ends the wake
     */
    Wake(
            Loop loop,
            LlmConfig.Wake config,
            boolean asleep,
            Supplier<CompletableFuture<Availability>> probe,
            Recipes recipes,
            Supplier<@Nullable Status> policy) {
        this.loop = loop;
        this.config = config;
        this.asleep = asleep;
        this.probe = probe;
        this.recipes = recipes;
        this.policy = policy;
        this.started = loop.nanoTime();
    }

    /** Completes on the loop, never with a failure. */
    CompletableFuture<Outcome> start() {
        limit = loop.after(config.maxWait(), this::tooLong);
        Then.handle(done, (outcome, failure) -> release());
        Then.accept(probe.get(), this::begin);
        return done;
    }

    /** Ends it, and the recipe with it. */
    void stop(String why) {
        finish(Problems.status(Code.CANCELLED, "WAKE_FAILED", "the wake was stopped: " + why));
    }

    private void begin(Availability before) {
        if (done.isDone()) {
            return;
        }
        if (before.up() && !asleep) {
            finish(null);
            return;
        }
        Status refused = policy.get();
        if (refused != null) {
            finish(refused);
            return;
        }
        run = recipes.run(config.recipe(), config.maxWait().plus(RECIPE_SLACK));
        Then.handle(run, (nothing, failure) -> recipeEnded(failure));
        if (config.recipe() instanceof Recipe.Command && !before.up()) {
            poll();
        }
    }

    private void recipeEnded(@Nullable Throwable failure) {
        if (done.isDone()) {
            return;
        }
        if (failure == null) {
            pause = FIRST_PAUSE;
            poll();
        } else if (!(failure instanceof CancellationException)) {
            log.warn("wake recipe failed detail=\"{}\"", RecipeFailed.detail(failure));
            finish(Problems.status(
                    Code.UNAVAILABLE, "WAKE_FAILED", "the wake recipe failed: " + RecipeFailed.told(failure)));
        }
    }

    private void poll() {
        if (nextPoll != null) {
            nextPoll.cancel();
            nextPoll = null;
        }
        if (polling || done.isDone()) {
            return;
        }
        polling = true;
        Then.accept(probe.get(), answer -> {
            polling = false;
            lastSeen = answer.detail();
            if (done.isDone()) {
                return;
            }
            if (answer.up()) {
                finish(null);
                return;
            }
            nextPoll = loop.after(pause, this::poll);
            pause = pause.multipliedBy(3).dividedBy(2);
            if (pause.compareTo(LONGEST_PAUSE) > 0) {
                pause = LONGEST_PAUSE;
            }
        });
    }

    private void tooLong() {
        String seen = lastSeen.isEmpty() ? "" : " (last seen: " + lastSeen + ")";
        String recipe = run != null && !run.isDone() ? "; its recipe has not ended either" : "";
        finish(Problems.status(
                Code.DEADLINE_EXCEEDED,
                "WAKE_TIMEOUT",
                "the backend did not answer within " + Spans.say(config.maxWait()) + recipe + seen));
    }

    private void finish(@Nullable Status error) {
        done.complete(new Outcome(loop.since(started), error));
    }

    private void release() {
        if (limit != null) {
            limit.cancel();
        }
        if (nextPoll != null) {
            nextPoll.cancel();
        }
        if (run != null) {
            Outcome outcome = done.join();
            if (outcome.error() == null) {
                run.complete(null);
            } else {
                run.cancel(false);
            }
        }
    }
}
