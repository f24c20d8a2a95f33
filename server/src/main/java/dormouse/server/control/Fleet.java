package dormouse.server.control;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every Llm as it stands, in memory, for anyone to read without touching the database; and the one way to change them:
 * decide on the {@link Lane}, save, show, tell. After a failed or lost commit the memory is brought up to what the
 * database says before the next decision.
 */
public final class Fleet {
    private static final Logger log = LoggerFactory.getLogger(Fleet.class);
    private static final Duration STORE_RETRY = Duration.ofSeconds(1);
    private static final Duration STORE_PAUSE = Duration.ofMillis(200);
    private static final int PAGE = 1000;
    private static final int MOST_OF_CLIENTS = 4096;

    private final LlmStore store;
    private final Lane lane;
    private final Time time;
    private final Rows rows = new Rows();
    private final List<FleetListener> listeners = new CopyOnWriteArrayList<>();
    private volatile long revision;
    private boolean behind; // on the lane alone, and so the next two
    private @Nullable StoreException away;
    private long awayAt;

    public Fleet(LlmStore store, Lane lane, Time time) {
        this.store = store;
        this.lane = lane;
        this.time = time;
    }

    /**
     * Loads the rows; those of this replica's earlier run become INACTIVE until their agents are back. Blocks; call once,
     * before anything else.
     */
    public void open(String replica) {
        LlmStore.Snapshot snapshot = store.load();
        snapshot.llms().forEach(rows::put);
        revision = snapshot.revision();
        Instant now = time.now();
        List<Change> changes = new ArrayList<>();
        for (Llm llm : snapshot.llms()) {
            if (llm.owner() != null
                    && llm.owner().replica().equals(replica)
                    && Lifecycle.restarted(llm, now) instanceof Step.Save save) {
                changes.add(save.change());
            }
        }
        apply(changes, now);
        log.info("fleet loaded llms={} restarted={} revision={}", rows.size(), changes.size(), revision);
    }

    /** From now on {@code listener} hears every change. */
    public void listen(FleetListener listener) {
        listeners.add(listener);
    }

    /** From now on {@code listener} hears nothing any more. */
    public void unlisten(FleetListener listener) {
        listeners.remove(listener);
    }

    /** The Llm of that name, or null. */
    public @Nullable Llm find(LlmName name) {
        return rows.find(name);
    }

    /** All Llms by name: a live view. */
    public Collection<Llm> all() {
        return rows.all();
    }

    /** Those after a name, by name: a live view; all where null. */
    public Collection<Llm> after(@Nullable LlmName name) {
        return name == null ? all() : rows.after(name);
    }

    /** Whether a row of another session, or of none, names that pool. */
    boolean isPoolOfOthers(String pool, SessionId session) {
        return rows.isPoolOfOthers(pool, session);
    }

    /** Those that a session owns. */
    public List<Llm> ownedBy(SessionId session) {
        return rows.ownedBy(session);
    }

    /** The latest revision that {@link #find} and {@link #all} show. */
    public long revision() {
        return revision;
    }

    /** Runs {@code job} on the lane, for a client: false, and it never runs, while too much waits there already. */
    public boolean offer(Runnable job) {
        return lane.offer(job, MOST_OF_CLIENTS);
    }

    /** What a client is told then. */
    public static Failure busy() {
        return Failure.retry(
                Reason.OVERLOADED,
                MOST_OF_CLIENTS + " changes of the fleet wait for the database already",
                Duration.ofSeconds(2));
    }

    /** Runs {@code job} on the lane. */
    public void onLane(Runnable job) {
        lane.run(job);
    }

    /** Runs {@code job} on the lane, and again each second while the store fails it: it must decide anew each time. */
    public void insist(String what, Runnable job) {
        lane.run(() -> {
            try {
                job.run();
            } catch (StoreException e) {
                log.debug("trying again in a second event={} cause={}", what, e.getMessage());
                time.after(STORE_RETRY, () -> insist(what, job));
            }
        });
    }

    /**
     * Asks the store. For a moment after it has failed it is not asked: each question to a store that is away takes
     * seconds, and the lane would do nothing else. On the lane.
     *
     * @throws StoreException where it fails, or has just failed
     */
    <T> T ask(Supplier<T> question) {
        StoreException last = away;
        if (last != null && time.since(awayAt).compareTo(STORE_PAUSE) < 0) {
            throw last;
        }
        try {
            T answer = question.get();
            if (last != null) {
                log.info("the database answers again");
            }
            away = null;
            return answer;
        } catch (StoreException e) {
            if (last == null) {
                log.warn(
                        "the database does not answer; what waits for it is tried again each second cause={}",
                        e.getMessage());
            }
            away = e;
            awayAt = time.nanos();
            throw e;
        }
    }

    /**
     * Decides about one Llm, saves and tells. On the lane.
     *
     * @param decision gets the row as it stands; it is asked again where the database knew better
     * @return what was decided; for a {@link Step.Save}, it is on disk
     * @throws StoreException where it could not be saved
     */
    Step decide(LlmName name, Function<@Nullable Llm, Step> decision) {
        Step step = new Step.Keep("no such Llm");
        for (int attempt = 0; attempt < 3; attempt++) {
            catchUpIfBehind();
            step = decision.apply(rows.find(name));
            if (!(step instanceof Step.Save save)) {
                return step;
            }
            try {
                apply(List.of(save.change()), time.now());
                return step;
            } catch (StaleException e) {
                log.info("decided on an old row, deciding again llm={}", name);
            }
        }
        throw new StoreException("the row of " + name + " keeps changing", new StaleException(step.toString()));
    }

    /**
     * Saves, shows and tells. On the lane.
     *
     * @throws StoreException where whether it was saved is unknown; memory catches up before the next decision
     * @throws StaleException where nothing was saved since a row had changed; memory catches up before the next decision
     */
    List<LlmEvent> apply(List<Change> changes, Instant now) {
        if (changes.isEmpty()) {
            return List.of();
        }
        List<LlmEvent> events;
        try {
            events = ask(() -> store.commit(changes, now));
        } catch (StoreException | StaleException e) {
            behind = true;
            throw e;
        }
        events.forEach(this::show);
        return events;
    }

    /**
     * Writes down when each session was last heard, here as there: no event, and no revision. On the lane.
     *
     * @throws StoreException where it could not be saved
     */
    void heard(Map<SessionId, Instant> sessions) {
        catchUpIfBehind(); // else what is caught up with later would take the sign back
        ask(() -> {
            store.heartbeats(sessions);
            return sessions;
        });
        rows.heard(sessions);
    }

    /** Brings memory up to the database. On the lane. */
    void catchUpIfBehind() {
        if (!behind) {
            return;
        }
        List<LlmEvent> events;
        do {
            events = ask(() -> store.eventsAfter(revision, null, PAGE));
            for (LlmEvent event : events) {
                show(event.as(caughtUp(event.llm()), event.actor()));
            }
        } while (events.size() == PAGE);
        behind = false;
    }

    /** A wake that this process does not know to be running is none. */
    private Llm caughtUp(Llm llm) {
        Llm known = rows.find(llm.name());
        return known != null && known.state() == LlmState.WAKING ? llm : llm.stored();
    }

    /** Tells that a wake has ended without success. On the lane. */
    void tellWakeFailed(LlmName llm, Failure why) {
        listeners.forEach(listener -> listener.wakeFailed(llm, why));
    }

    private void show(LlmEvent event) {
        Llm llm = event.llm();
        if (event.type() == LlmEventType.DELETED) {
            rows.remove(llm.name());
        } else {
            rows.put(llm);
        }
        revision = event.revision();
        log.info(
                "llm changed llm={} event={} status={} revision={} detail={}",
                llm.name(),
                event.type(),
                llm.status(),
                event.revision(),
                event.detail());
        listeners.forEach(listener -> listener.changed(event));
    }

    /** What a caller is told when the store is away. */
    public static Failure storeUnavailable() {
        return Failure.retry(Reason.STORE_UNAVAILABLE, "the server's database does not answer", Duration.ofSeconds(2));
    }

    /** What a caller is told where more wait for the store than may. */
    public static Failure storeBusy() {
        return Failure.retry(Reason.OVERLOADED, "too many wait for the server's database", Duration.ofSeconds(1));
    }
}
