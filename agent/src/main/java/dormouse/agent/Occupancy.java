package dormouse.agent;

import org.jspecify.annotations.Nullable;

/** The tasks that run on one backend, and the clock that runs while there are none. On the loop alone. */
final class Occupancy {
    private int tasks;
    private @Nullable Watchdog idle;

    /** Takes another idle clock in place of the one before; null: none. It runs when it is next told to. */
    void watch(@Nullable Watchdog clock) {
        if (idle != null) {
            idle.close();
        }
        idle = clock;
    }

    int tasks() {
        return tasks;
    }

    void taskStarted() {
        tasks++;
        if (idle != null) {
            idle.pause();
        }
    }

    void taskEnded() {
        tasks--;
        countIdle();
    }

    /** From now on it is idle, unless it has tasks. */
    void countIdle() {
        if (idle != null && tasks == 0) {
            idle.touch();
        }
    }
}
