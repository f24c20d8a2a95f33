package dormouse.server.fleet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long an Llm's wakes take, learnt from the last {@link #KEPT} that succeeded. What is expected is the second longest
 * of them, the longest while there are fewer than four:
 * <ul>
 *   <li>rather a high one than the middle one, since somebody who comes back after that time should find it awake;
 *   <li>not the longest, so that one wake with a disk check in it does not count for all that come (a mean would carry it
 *       along for long, too);
 *   <li>of the last few, so that a machine that has got quicker is known to be so after four wakes.
 * </ul>
 * A wake that failed or timed out teaches nothing: how long it would have taken nobody knows, and the {@link CoolDown}
 * speaks for it. Neither does one that was over in less than {@link #SHORTEST}: then the backend was found awake, without
 * a recipe; and if a wake is really that quick, nobody has to know what to expect.
 *
 * @param last the oldest first, {@link #KEPT} at most, none shorter than {@link #SHORTEST}
 */
public record WakeTime(List<Duration> last) {
    /** How many wakes back it looks. */
    public static final int KEPT = 5;

    /** What is quicker than this was no wake. */
    public static final Duration SHORTEST = Duration.ofMillis(100);

    /** Before the first wake. */
    public static final WakeTime UNKNOWN = new WakeTime(List.of());

    public WakeTime {
        last = List.copyOf(last);
        if (last.size() > KEPT) {
            throw new IllegalArgumentException("of " + last.size() + " wakes; at most " + KEPT + " are kept");
        }
    }

    /** After one more wake that succeeded: the same where there is nothing to learn from it. */
    public WakeTime and(Duration took) {
        if (took.compareTo(SHORTEST) < 0) {
            return this;
        }
        List<Duration> next = new ArrayList<>(last);
        next.add(took);
        return new WakeTime(next.subList(Math.max(0, next.size() - KEPT), next.size()));
    }

    /** How long the next one should take; null before the first. */
    public @Nullable Duration expected() {
        if (last.isEmpty()) {
            return null;
        }
        List<Duration> sorted = last.stream().sorted().toList();
        return sorted.get(sorted.size() < 4 ? sorted.size() - 1 : sorted.size() - 2);
    }
}
