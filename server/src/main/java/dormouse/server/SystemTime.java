package dormouse.server;

import dormouse.server.control.Time;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The machine's own clock, with one thread for all alarms: what they run is short and never waits. */
final class SystemTime implements Time, AutoCloseable {
    private final ScheduledThreadPoolExecutor alarms;

    SystemTime() {
        alarms = new ScheduledThreadPoolExecutor(1, Threads.named("dormouse-alarms"));
        alarms.setRemoveOnCancelPolicy(true);
        alarms.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public Alarm after(Duration delay, Runnable action) {
        if (alarms.isShutdown()) {
            return () -> {};
        }
        Future<?> alarm = alarms.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> alarm.cancel(false);
    }

    @Override
    public void close() {
        alarms.shutdownNow();
    }
}
