package dormouse.server.link;

import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.FrameBudget;
import dormouse.server.fleet.Reason;
import dormouse.v1.AgentMessage;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Two things that an agent promises and the server sees to: not to send more messages than one can need, and to be gone by when it
 * said in its Goodbye. By the thread that reads the stream.
 */
final class StreamBounds {
    private static final Duration COME_BACK = Duration.ofSeconds(10);
    private static final Duration USUAL_LEAVE = Duration.ofSeconds(30);
    private static final Duration LONGEST_LEAVE = Duration.ofHours(1);
    /** For the way of the last messages, and for clocks that differ. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    private final AgentStream stream;
    private final Time time;
    private final int perSecond;
    private final FrameBudget budget;
    private Time.@Nullable Alarm leave;

    StreamBounds(AgentStream stream, Time time, int perSecond) {
        this.stream = stream;
        this.time = time;
        this.perSecond = perSecond;
        this.budget = new FrameBudget(perSecond, time.nanos());
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
        if (message.hasGoodbye()) {
            leaveBy(Messages.took(message.getGoodbye().getWithin()));
        }
        return true;
    }

    private void leaveBy(Duration asked) {
        over();
        Duration within = asked.isZero() ? USUAL_LEAVE : asked.compareTo(LONGEST_LEAVE) > 0 ? LONGEST_LEAVE : asked;
        leave = time.after(within.plus(SLACK), () -> stream.leave(within));
    }

    /** The stream has ended. */
    void over() {
        if (leave != null) {
            leave.cancel();
        }
    }
}
