package dormouse.server;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Runs what it is given at once, on the caller's thread; while it is held, not until it is let go. One thread. */
public final class HeldLane implements Executor {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean held;

    @Override
    public void execute(Runnable job) {
        if (held) {
            waiting.add(job);
        } else {
            job.run();
        }
    }

    public void hold() {
        held = true;
    }

    public void letGo() {
        held = false;
        while (!waiting.isEmpty()) {
            waiting.remove().run();
        }
    }
}
