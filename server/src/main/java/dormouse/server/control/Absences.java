package dormouse.server.control;

import dormouse.server.fleet.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sessions whose stream was lost a moment ago and may be back within the resume grace: who waits for one of their
 * Llms, in a queue, for a wake or a sleep, waits on. At most as many as there are agents. Changed on the lane; read by any
 * thread.
 */
final class Absences {
    private final Fleet fleet;
    private final Time time;
    private final Duration grace;
    private final int limit;
    private final Map<SessionId, Time.Alarm> away = new ConcurrentHashMap<>();
    private final List<Consumer<SessionId>> listeners = new CopyOnWriteArrayList<>();
    private boolean stopped; // on the lane

    Absences(Fleet fleet, Time time, Duration grace, int limit) {
        this.fleet = fleet;
        this.time = time;
        this.grace = grace;
        this.limit = limit;
    }

    /** Hears, on the lane, of each session that was not back in time. */
    void listen(Consumer<SessionId> over) {
        listeners.add(over);
    }

    boolean has(SessionId session) {
        return away.containsKey(session);
    }

    void begin(SessionId session) {
        back(session);
        if (stopped || grace.isZero() || away.size() >= limit) {
            return;
        }
        away.put(session, time.after(grace, () -> fleet.onLane(() -> over(session))));
    }

    /** It has a stream again. */
    void back(SessionId session) {
        stop(away.remove(session));
    }

    private void over(SessionId session) {
        if (away.remove(session) != null) {
            tell(session);
        }
    }

    /** What still waits for an Llm of it does so in vain. */
    void tell(SessionId session) {
        listeners.forEach(listener -> listener.accept(session));
    }

    /** From now on nobody is waited for. */
    void stop() {
        stopped = true;
        for (SessionId session : List.copyOf(away.keySet())) {
            stop(away.get(session));
            over(session);
        }
    }

    private static void stop(Time.@Nullable Alarm alarm) {
        if (alarm != null) {
            alarm.cancel();
        }
    }
}
