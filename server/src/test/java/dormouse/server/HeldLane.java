package dormouse.server;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Runs what it is given at once, on the caller's thread; while it is held, not until it is let go. */
public final class HeldLane implements Executor {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean held;

    @Override
    public void execute(Runnable job) {
        synchronized (this) {
            if (held) {
                waiting.add(job);
                return;
            }
        }
        job.run();
    }

    public synchronized void hold() {
        held = true;
    }

    /** How much waits. */
    public synchronized int waiting() {
        return waiting.size();
    }

    public void letGo() {
        while (true) {
            Runnable next;
            synchronized (this) {
                held = false;
                next = waiting.poll();
            }
            if (next == null) {
                return;
            }
            next.run();
        }
    }
}
