package dormouse.server.link;

import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.FrameBudget;
import dormouse.server.fleet.Reason;
import dormouse.v1.AgentMessage;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Three things that an agent promises and the server sees to: to register soon, not to send more messages than one can need, and to
 * be gone by when it said in its Goodbye. By the thread that reads the stream; its end comes by any.
 */
final class StreamBounds {
    private static final Duration REGISTERED = Duration.ofSeconds(10);
    private static final Duration COME_BACK = Duration.ofSeconds(10);
    private static final Duration USUAL_LEAVE = Duration.ofSeconds(30);
    private static final Duration LONGEST_LEAVE = Duration.ofHours(1);
    /** For the way of the last messages, and for clocks that differ. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    private final AgentStream stream;
    private final Time time;
    private final int perSecond;
    private final FrameBudget budget;
    private boolean registered;
    private Time.@Nullable Alarm alarm; // this and over under this
    private boolean over;

    StreamBounds(AgentStream stream, Time time, int perSecond) {
        this.stream = stream;
        this.time = time;
        this.perSecond = perSecond;
        this.budget = new FrameBudget(perSecond, time.nanos());
    }

    /** The stream is open: a Register is waited for. */
    void begin() {
        set(
                REGISTERED,
                () -> stream.close(
                        Failure.of(Reason.MALFORMED, "no Register within " + REGISTERED.toSeconds() + " s")));
    }

    /** Whether this message may be looked at; where not, the stream is closed. */
    boolean allow(AgentMessage message) {
        if (!budget.take(time.nanos())) {
            stream.close(Failure.retry(
                    Reason.RATE_LIMITED,
                    "more messages than limits.framesPerSecond, " + perSecond + ", allows an agent",
                    COME_BACK));
            return false;
        }
        if (message.hasRegister() && !registered) {
            registered = true;
            cancel();
        } else if (message.hasGoodbye() && registered) {
            leaveBy(Messages.took(message.getGoodbye().getWithin()));
        }
        return true;
    }

    private void leaveBy(Duration asked) {
        Duration within = asked.isZero() ? USUAL_LEAVE : asked.compareTo(LONGEST_LEAVE) > 0 ? LONGEST_LEAVE : asked;
        set(within.plus(SLACK), () -> stream.leave(within));
    }

    private synchronized void set(Duration delay, Runnable action) {
        cancel();
        if (!over) {
            alarm = time.after(delay, action);
        }
    }

    private synchronized void cancel() {
        if (alarm != null) {
            alarm.cancel();
            alarm = null;
        }
    }

    /** The stream has ended, whoever has ended it. */
    synchronized void over() {
        over = true;
        cancel();
    }
}
