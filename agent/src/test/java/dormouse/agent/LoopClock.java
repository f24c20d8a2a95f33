package dormouse.agent;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/** A time of day that passes with a loop's: it stands at {@code start} when the loop's clock stands at 0. */
final class LoopClock extends Clock {
    private final Loop loop;
    private final ZonedDateTime start;

    LoopClock(Loop loop, ZonedDateTime start) {
        this.loop = loop;
        this.start = start;
    }

    @Override
    public Instant instant() {
        return start.toInstant().plusNanos(loop.nanoTime());
    }

    @Override
    public ZoneId getZone() {
        return start.getZone();
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return new LoopClock(loop, start.withZoneSameInstant(zone));
    }
}
