package dormouse.server.fleet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which member of a pool a task goes to, by how its members stand. In this order:
 *
 * <ol>
 *   <li>an ACTIVE one with free room: the one that saw the conversation last, else the one with the most room;
 *   <li>one that wakes and will have room for it, else one that sleeps: no more of them are woken than tasks wait for;
 *   <li>one that wakes and has no room left, up to the bound of its waiters;
 *   <li>the pool's line, up to the bound of a queue for each ACTIVE member.
 * </ol>
 *
 * Those that have just failed are asked where nobody else can be, the one that is to rest the least first. Among equals it
 * is each one's turn. Stateless.
 */
public final class PoolChoice {
    private PoolChoice() {}

    /**
     * A member that could serve the task, as it stands.
     *
     * @param taken of an ACTIVE one, the tasks that run or queue at it; else those that wait for its wake
     * @param rest how long it is to be left alone yet, since it has failed; zero: it need not be
     */
    public record Member(LlmName name, LlmStatus status, int concurrency, int taken, Duration rest) {
        int room() {
            return concurrency - taken;
        }

        boolean active() {
            return status == LlmStatus.ACTIVE;
        }

        /** Its wake is under way, or was asked for a moment ago. */
        boolean waking() {
            return status == LlmStatus.WAKING || (status == LlmStatus.HIBERNATING && taken > 0);
        }

        boolean asleep() {
            return status == LlmStatus.HIBERNATING && taken == 0;
        }
    }

    /**
     * What may wait, and does.
     *
     * @param inLine the tasks that stand in the pool's line and count
     */
    public record Crowd(int queuePerLlm, int waitersPerLlm, int inLine) {}

    /** Where the task goes. */
    public sealed interface Choice {}

    /** To this ACTIVE member, which has room. */
    public record Run(LlmName member) implements Choice {}

    /** It waits for the wake of this one. */
    public record Wake(LlmName member) implements Choice {}

    /** It waits for a slot of any. */
    public record Queue() implements Choice {}

    /** Nowhere: every place to wait is taken. */
    public record Full() implements Choice {}

    /** Nowhere: no member can serve it. */
    public record Nobody() implements Choice {}

    /**
     * @param members those that could serve the task at all
     * @param seen the member that saw the conversation last; null where nobody knows
     * @param turn grows by one with each choice
     */
    public static Choice choose(List<Member> members, @Nullable LlmName seen, Crowd crowd, int turn) {
        List<Member> sound = new ArrayList<>(members.size());
        List<Member> resting = new ArrayList<>(0);
        members.forEach(member -> (member.rest().isZero() ? sound : resting).add(member));
        Choice choice = among(sound, seen, crowd, turn);
        if (resting.isEmpty() || !(choice instanceof Full || choice instanceof Nobody)) {
            return choice;
        }
        resting.sort(Comparator.comparing(Member::rest));
        for (Member member : resting) {
            if (member.active() && member.room() > 0) {
                return new Run(member.name());
            }
        }
        Choice least = among(resting, null, crowd, turn);
        return least instanceof Nobody ? choice : least;
    }

    private static Choice among(List<Member> members, @Nullable LlmName seen, Crowd crowd, int turn) {
        List<Member> active = members.stream().filter(Member::active).toList();
        for (Member member : active) {
            if (member.name().equals(seen) && member.room() > 0) {
                return new Run(member.name());
            }
        }
        Member roomiest = roomiest(active, turn);
        if (roomiest != null && roomiest.room() > 0) {
            return new Run(roomiest.name());
        }
        Member waking = roomiest(members.stream().filter(Member::waking).toList(), turn);
        if (waking != null && waking.room() > 0) {
            return new Wake(waking.name());
        }
        Member sleeper = roomiest(members.stream().filter(Member::asleep).toList(), turn);
        if (sleeper != null) {
            return new Wake(sleeper.name());
        }
        if (waking != null && waking.taken() < crowd.waitersPerLlm()) {
            return new Wake(waking.name());
        }
        if (active.isEmpty()) {
            return waking == null ? new Nobody() : new Full();
        }
        return crowd.inLine() < (long) crowd.queuePerLlm() * active.size() ? new Queue() : new Full();
    }

    private static @Nullable Member roomiest(List<Member> members, int turn) {
        int room = members.stream().mapToInt(Member::room).max().orElse(0);
        List<Member> equals =
                members.stream().filter(member -> member.room() == room).toList();
        return equals.isEmpty() ? null : equals.get(Math.floorMod(turn, equals.size()));
    }
}
