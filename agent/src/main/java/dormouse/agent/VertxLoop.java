package dormouse.agent;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loop on an event loop of Vert.x. The HTTP client's callbacks come on the context that made the request, which is
 * this one, so a backend's bytes reach the stream without a hop from thread to thread.
 */
final class VertxLoop implements Loop {
    private static final Logger log = LoggerFactory.getLogger(VertxLoop.class);

    private final Vertx vertx;
    private final Context context;

    VertxLoop(Vertx vertx) {
        this.vertx = vertx;
        this.context = ((VertxInternal) vertx).createEventLoopContext();
    }

    @Override
    public void execute(Runnable task) {
        context.runOnContext(ignored -> guarded(task));
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        if (Vertx.currentContext() != context) {
            throw new IllegalStateException("a timer is set on the loop alone");
        }
        long id = vertx.setTimer(Math.max(1, delay.toMillis()), ignored -> guarded(task));
        return () -> vertx.cancelTimer(id);
    }

    /** A fault in one task must not end the agent, nor pass unseen. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | AssertionError e) {
            log.error("task of the loop failed", e);
        }
    }
}
