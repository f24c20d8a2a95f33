package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The line of those whose first registration waits for the lane. An agent gives its stream up where it is not answered
 * within 10 s, so a line that takes longer than that would be worked off for nobody, again and again: when a whole fleet comes
 * at once (its server was restarted) as many are let in as are answered in time, and each of the others is told a moment of its
 * own to come back, soon: how long the line takes is a guess while the server has just started. Any thread.
 */
final class Arrivals {
    /** How long the line may be; half of what an agent waits. */
    static final Duration LONGEST = Duration.ofSeconds(5);

    /** So many may wait in any case. */
    static final int FEW = 64;

    private static final Duration SOONEST = Duration.ofSeconds(1);
    private static final Duration LATEST = Duration.ofSeconds(10);
    /** What one takes, as long as nobody knows. */
    private static final long GUESS_NANOS = 5_000_000;

    private int waiting; // all under this
    private int turnedAway;
    private long costNanos = GUESS_NANOS;

    /** One comes: null where it may stand in line, else what it is told. */
    synchronized @Nullable Failure come() {
        if (waiting < FEW || waiting * costNanos <= LONGEST.toNanos()) {
            waiting++;
            return null;
        }
        turnedAway++;
        Duration spread = LATEST.minus(SOONEST);
        Duration wait = SOONEST.plusNanos((waiting + turnedAway) * costNanos % spread.toNanos());
        return Failure.retry(
                Reason.OVERLOADED, waiting + " agents register already; this one's turn comes later", wait);
    }

    /** The turn of one is over. */
    synchronized void served(long tookNanos) {
        waiting--;
        costNanos += (tookNanos - costNanos) / 16;
        if (waiting == 0) {
            turnedAway = 0;
        }
    }
}
