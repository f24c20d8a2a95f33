package dormouse.server.relay;

import dormouse.server.control.Time;
import dormouse.server.fleet.CoolDown;
import dormouse.server.fleet.LlmName;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Members of pools that have failed before the first byte, and how long each is to be left alone: 1 s, doubled with each
 * failure in a row to 60 s, so that one that fails at once, and so has always the most room, does not attract the load.
 * When the time is over it gets one task, and no other before the time has passed once more, until it answers. What was
 * sent before the last failure counts with that one. No larger than there are members. Any thread.
 */
final class Setbacks {
    private record Setback(int failures, long since, long until, Time.Alarm alarm) {}

    private final Time time;
    private final Map<LlmName, Setback> setbacks = new ConcurrentHashMap<>();

    Setbacks(Time time) {
        this.time = time;
    }

    /** How long it is to be left alone yet; zero: it need not be. */
    Duration rest(LlmName member) {
        Setback setback = setbacks.get(member);
        long left = setback == null ? 0 : setback.until() - time.nanos();
        return left > 0 ? Duration.ofNanos(left) : Duration.ZERO;
    }

    /**
     * It has failed.
     *
     * @param sent when the task was, in {@link Time#nanos}
     * @param over to be run when its time is over
     */
    void failed(LlmName member, long sent, Runnable over) {
        setbacks.compute(member, (name, last) -> {
            if (last != null && sent - last.since() <= 0) {
                return last;
            }
            return begin(last, last == null ? 1 : last.failures() + 1, time.nanos(), over);
        });
    }

    /** A task is sent to it: the only one for a while, where it had failed last. */
    void sent(LlmName member, Runnable over) {
        if (setbacks.containsKey(member) && rest(member).isZero()) {
            setbacks.computeIfPresent(member, (name, last) -> begin(last, last.failures(), last.since(), over));
        }
    }

    private Setback begin(@Nullable Setback last, int failures, long since, Runnable over) {
        if (last != null) {
            last.alarm().cancel();
        }
        Duration pause = CoolDown.pause(failures);
        return new Setback(failures, since, time.nanos() + pause.toNanos(), time.after(pause, over));
    }

    /** It has answered, or is gone. */
    void clear(LlmName member) {
        Setback last = setbacks.remove(member);
        if (last != null) {
            last.alarm().cancel();
        }
    }
}
