package dormouse.agent;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes on when a future completes. What the next step throws is a fault of ours: it is logged, where a bare
 * {@code thenAccept} would lose it in a future that nobody holds. Stateless.
 */
final class Then {
    private static final Logger log = LoggerFactory.getLogger(Then.class);

    private Then() {}

    /** For futures that never fail. */
    static <T> void accept(CompletableFuture<T> future, Consumer<? super T> next) {
        settle(future.thenAccept(next));
    }

    /** With the value or the failure; the value is null where there is a failure. */
    static <T extends @Nullable Object> void handle(
            CompletableFuture<T> future, BiConsumer<? super T, ? super @Nullable Throwable> next) {
        settle(future.handle((value, failure) -> {
            next.accept(value, failure);
            return true;
        }));
    }

    private static void settle(CompletableFuture<?> step) {
        var unused = step.exceptionally(fault -> {
            log.error("a step failed", fault);
            return null;
        });
    }
}
