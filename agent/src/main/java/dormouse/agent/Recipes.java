package dormouse.agent;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Runs recipes. On the loop alone. */
interface Recipes {
    /**
     * Begins to run a recipe.
     *
     * @param limit how long it may take
     * @return completes on the loop: normally where the recipe has run, with a {@link RecipeFailed} where it went wrong
     *     or was too slow. Cancelling it stops the recipe; completing it from outside lets it be.
     */
    CompletableFuture<@Nullable Void> run(Recipe recipe, Duration limit);
}
