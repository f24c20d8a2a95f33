package dormouse.agent;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A loop that the test moves by hand: nothing runs, and no time passes, but by {@link #run} and {@link #advance}. */
final class ManualLoop implements Loop {
    private record Waiting(long at, long order, Runnable task) {}

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<Waiting> timers =
            new PriorityQueue<>(Comparator.comparingLong(Waiting::at).thenComparingLong(Waiting::order));
    private long now;
    private long made;

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        Waiting timer = new Waiting(now + delay.toNanos(), made++, task);
        timers.add(timer);
        return () -> timers.remove(timer);
    }

    /** Runs what is due, and what comes of it. */
    void run() {
        advance(Duration.ZERO);
    }

    /** Lets time pass; each timer runs at its time. */
    void advance(Duration span) {
        long end = now + span.toNanos();
        runTasks();
        while (!timers.isEmpty() && timers.peek().at() <= end) {
            Waiting timer = timers.remove();
            now = Math.max(now, timer.at());
            timer.task().run();
            runTasks();
        }
        now = end;
    }

    private void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }
}
