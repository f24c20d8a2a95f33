package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the agent has put a backend to sleep, and the recipe that is doing so. On the loop alone. */
final class Rest {
    private static final Logger log = LoggerFactory.getLogger(Rest.class);

    private final Recipes recipes;
    private final List<Consumer<@Nullable Status>> waiters = new ArrayList<>();
    private Consumer<@Nullable Status> over = error -> {};
    private boolean rested;

    Rest(Recipes recipes) {
        this.recipes = recipes;
    }

    /** The recipe runs. */
    boolean isUnderWay() {
        return !waiters.isEmpty();
    }

    /** The recipe has run, and nothing has woken it since. */
    boolean isRested() {
        return rested;
    }

    void rested(boolean now) {
        rested = now;
    }

    /** Waits for the end of the recipe that runs. */
    void join(Consumer<@Nullable Status> waiter) {
        waiters.add(waiter);
    }

    /** Who hears of the end of a recipe, after those who wait for it: the failure, or null. The last one to ask does. */
    void tell(Consumer<@Nullable Status> owner) {
        over = owner;
    }

    /**
     * Runs the recipe.
     *
     * @param waiter told at its end what went wrong, or null, when the new state holds already
     */
    void begin(LlmConfig.Sleep sleep, Consumer<@Nullable Status> waiter) {
        waiters.add(waiter);
        Then.handle(recipes.run(sleep.recipe(), sleep.maxWait()), (nothing, failure) -> {
            if (failure != null) {
                log.warn("sleep recipe failed detail=\"{}\"", RecipeFailed.detail(failure));
            }
            List<Consumer<@Nullable Status>> told = List.copyOf(waiters);
            waiters.clear();
            Status error = failure == null
                    ? null
                    : Problems.status(
                            Code.UNAVAILABLE,
                            "BACKEND_FAILED",
                            "the sleep recipe failed: " + RecipeFailed.told(failure));
            rested = rested || failure == null;
            told.forEach(each -> each.accept(error));
            over.accept(error);
        });
    }
}
