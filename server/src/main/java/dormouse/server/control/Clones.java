package dormouse.server.control;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two processes that claim one session, as after a machine was copied with its state directory. The one that is attached is
 * asked whether it lives: where it says so in time, the newcomer is refused and goes on as a new session; where it is
 * silent, or gone, the newcomer takes over. One contest at a time for each session, so that nobody's name flaps. Begun on
 * the lane; the answer comes by any thread.
 */
final class Clones {
    /** How long the attached one may take to answer. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(Clones.class);

    private record Contest(
            AttachedAgent holder, String instance, Consumer<Registered> answer, Runnable admit, Time.Alarm alarm) {}

    private final Fleet fleet;
    private final Time time;
    private final Map<SessionId, Contest> contests = new ConcurrentHashMap<>();

    Clones(Fleet fleet, Time time) {
        this.fleet = fleet;
        this.time = time;
    }

    /** Whether a newcomer may not simply take the place of the one that is there: it may be a copy of it. */
    static boolean doubtful(AttachedAgent holder, Registration newcomer) {
        return !holder.finishing()
                && (newcomer.instanceId().isEmpty() || !newcomer.instanceId().equals(holder.instance()));
    }

    /**
     * Asks the one that is there. On the lane.
     *
     * @param answer where it lives
     * @param admit where it does not: to be run on the lane
     */
    void ask(AttachedAgent holder, Registration newcomer, Consumer<Registered> answer, Runnable admit) {
        SessionId session = holder.session();
        Contest before = contests.get(session);
        if (before != null && before.holder() == holder && !before.instance().equals(newcomer.instanceId())) {
            answer.accept(new Registered.Rejected(inUse("another process claims it too")));
            return;
        }
        if (before != null) {
            before.alarm().cancel();
            before.answer().accept(new Registered.Rejected(inUse("the same process has claimed it again")));
        }
        log.info(
                "two processes claim a session; the attached one is asked session={} agent={}", session, holder.name());
        Contest contest = new Contest(
                holder,
                newcomer.instanceId(),
                answer,
                admit,
                time.after(PATIENCE, () -> fleet.onLane(() -> silent(session, holder))));
        contests.put(session, contest);
        holder.line().probe();
    }

    /** It lives. */
    void answered(AttachedAgent holder) {
        Contest contest = contests.isEmpty() ? null : take(holder);
        if (contest != null) {
            log.warn("a second process had a copy of the session session={} agent={}", holder.session(), holder.name());
            fleet.onLane(
                    () -> contest.answer().accept(new Registered.Rejected(inUse("its agent is here, and answers"))));
        }
    }

    /** Its stream has ended, or another one of its process has taken its place: then that one is asked. On the lane. */
    void gone(AttachedAgent holder) {
        silent(holder.session(), holder);
    }

    private void silent(SessionId session, AttachedAgent holder) {
        Contest contest = take(holder);
        if (contest != null) {
            log.info("the attached one does not answer, and is fenced off session={}", session);
            contest.admit().run();
        }
    }

    private @Nullable Contest take(AttachedAgent holder) {
        Contest contest = contests.get(holder.session());
        if (contest == null || contest.holder() != holder || !contests.remove(holder.session(), contest)) {
            return null;
        }
        contest.alarm().cancel();
        return contest;
    }

    private static Failure inUse(String why) {
        return Failure.of(
                Reason.SESSION_IN_USE, "this session belongs to another process: " + why + "; register as a new one");
    }
}
