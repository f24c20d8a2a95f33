package dormouse.server.auth;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How many tasks one client has at a time. Any thread. */
final class Tally {
    private final int most;
    private final String whose;
    private int tasks;

    /** @param whose tasks, as the refusal says it */
    Tally(int most, String whose) {
        this.most = most;
        this.whose = whose;
    }

    /** One more, until it {@linkplain #ended ends}; or why not. */
    synchronized @Nullable Failure begins() {
        if (tasks >= most) {
            return Failure.retry(
                    Reason.RATE_LIMITED,
                    most + " tasks " + whose + " are under way: limits.tasksPerClient",
                    Duration.ofSeconds(1));
        }
        tasks++;
        return null;
    }

    synchronized void ended() {
        tasks--;
    }

    synchronized int tasks() {
        return tasks;
    }
}
