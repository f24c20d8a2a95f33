package dormouse.server;

import dormouse.server.control.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A clock that stands still until a test moves it; the alarms that it passes go off in order, on the test's thread. */
public final class ManualTime implements Time {
    private record Due(long at, long order, Runnable action) {}

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final List<Due> alarms = new ArrayList<>();
    private long nanos;
    private long order;

    @Override
    public synchronized Instant now() {
        return START.plusNanos(nanos / 1000 * 1000);
    }

    @Override
    public synchronized long nanos() {
        return nanos;
    }

    @Override
    public synchronized Alarm after(Duration delay, Runnable action) {
        Due due = new Due(nanos + delay.toNanos(), order++, action);
        alarms.add(due);
        return () -> {
            synchronized (ManualTime.this) {
                alarms.remove(due);
            }
        };
    }

    /** Moves the clock; what is due on the way happens at its own moment. */
    public void advance(Duration by) {
        long target = nanos() + by.toNanos();
        while (true) {
            Due next;
            synchronized (this) {
                next = alarms.stream()
                        .filter(due -> due.at() <= target)
                        .min((a, b) ->
                                a.at() == b.at() ? Long.compare(a.order(), b.order()) : Long.compare(a.at(), b.at()))
                        .orElse(null);
                if (next == null) {
                    nanos = target;
                    return;
                }
                alarms.remove(next);
                nanos = Math.max(nanos, next.at());
            }
            next.action().run();
        }
    }

    /** Forgets every alarm: the process that had set them has ended. */
    public synchronized void clear() {
        alarms.clear();
    }

    /** Moves the clock at one go, as for a machine that was asleep: what was due meanwhile happens now. */
    public void jump(Duration by) {
        synchronized (this) {
            nanos += by.toNanos();
        }
        advance(Duration.ZERO);
    }

    /** How many alarms are set. */
    public synchronized int alarms() {
        return alarms.size();
    }
}
