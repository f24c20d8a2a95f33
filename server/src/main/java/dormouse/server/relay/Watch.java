package dormouse.server.relay;

import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.Vista;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One watcher: a bounded queue of live events behind whatever part of the past it still has to be shown. Who does not
 * read is let go with WATCHER_TOO_SLOW when the queue is full. Any thread may add; one writes at a time.
 */
public final class Watch {
    /** Live events that wait for a watcher, at most. */
    public static final int MOST_WAITING = 1024;

    private static final Duration BOOKMARK_EVERY = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int PAGE = 256;

    private final @Nullable LlmName name;
    private final Vista vista;
    private final Watcher watcher;
    private final LlmStore store;
    private final Time time;
    private final Executor blocking;
    private final Queue<Sight> past = new ArrayDeque<>(); // all under this
    private final Queue<Sight> live = new ArrayDeque<>();
    private long replayed;
    private long replayTo;
    private boolean reading;
    private boolean coming;
    private boolean writing;
    private boolean stopped;
    private @Nullable Failure end;
    private long revision;
    private long toldAt;

    Watch(@Nullable LlmName name, Vista vista, Watcher watcher, LlmStore store, Time time, Executor blocking) {
        this.name = name;
        this.vista = vista;
        this.watcher = watcher;
        this.store = store;
        this.time = time;
        this.blocking = blocking;
        this.toldAt = time.nanos();
    }

    private @Nullable Llm seen(Llm llm) {
        return name == null || name.equals(llm.name()) ? vista.seen(llm) : null;
    }

    /** Shows the present state first. On the fleet's lane. */
    void snapshot(Collection<Llm> all, long at) {
        synchronized (this) {
            revision = at;
            for (Llm llm : all) {
                Llm seen = seen(llm);
                if (seen != null) {
                    past.add(mark(Sight.Kind.SNAPSHOT, at, seen));
                }
            }
            past.add(mark(Sight.Kind.SNAPSHOT_END, at, null));
        }
        write();
    }

    /** Shows what happened after one revision up to another. On the fleet's lane. */
    void replay(long after, long upTo) {
        synchronized (this) {
            revision = upTo;
            replayed = after;
            replayTo = upTo;
        }
        write();
    }

    /** On the fleet's lane. */
    void changed(LlmEvent event) {
        LlmEvent seen = seen(event.llm()) == null ? null : vista.seen(event);
        if (seen != null) {
            add(new Sight.Changed(seen, true));
            write();
        } else {
            synchronized (this) {
                revision = event.revision();
            }
        }
    }

    /** The task counts of an Llm have changed. */
    void load(Llm llm) {
        Llm seen = seen(llm);
        if (seen != null) {
            synchronized (this) {
                add(mark(Sight.Kind.LOAD, revision, seen));
            }
            write();
        }
    }

    /** Says that nothing is new, where nothing was said for a while; or lets go who takes nothing of what there is. */
    void bookmark() {
        synchronized (this) {
            boolean waits = !past.isEmpty() || !live.isEmpty();
            if (waits && time.since(toldAt).compareTo(PATIENCE) >= 0 && end == null) {
                endWith(Failure.of(
                        Reason.WATCHER_TOO_SLOW,
                        "this watcher has taken nothing for " + PATIENCE.toSeconds()
                                + " s: list again, and watch from there"));
            }
            if (past.isEmpty()
                    && live.isEmpty()
                    && replayed >= replayTo
                    && time.since(toldAt).compareTo(BOOKMARK_EVERY) >= 0) {
                add(mark(Sight.Kind.BOOKMARK, revision, null));
            }
        }
        write();
    }

    private Sight mark(Sight.Kind kind, long at, @Nullable Llm llm) {
        return new Sight.Mark(kind, at, time.now(), llm);
    }

    private synchronized void add(Sight sight) {
        if (stopped || end != null) {
            return;
        }
        revision = sight.revision();
        if (live.size() >= MOST_WAITING) {
            endWith(Failure.of(
                    Reason.WATCHER_TOO_SLOW,
                    MOST_WAITING + " events wait for this watcher: list again, and watch from there"));
        } else {
            live.add(sight);
        }
    }

    /** Nothing more is to be said but this. Any thread. */
    public void end(Failure why) {
        endWith(why);
        write();
    }

    private synchronized void endWith(Failure why) {
        end = why;
        past.clear();
        live.clear();
    }

    synchronized void stop() {
        stopped = true;
        past.clear();
        live.clear();
    }

    synchronized boolean stopped() {
        return stopped;
    }

    /** Writes what there is, as far as the watcher takes it. Any thread. */
    public void write() {
        synchronized (this) {
            if (coming) {
                return;
            }
            coming = true;
        }
        watcher.run(() -> {
            synchronized (this) {
                coming = false;
                if (writing) {
                    return;
                }
                writing = true;
            }
            writeOn();
        });
    }

    private void writeOn() {
        while (true) {
            Sight sight = null;
            Failure over = null;
            boolean read = false;
            synchronized (this) {
                if (!stopped && end == null && watcher.ready()) {
                    sight = past.poll();
                    if (sight == null && replayed >= replayTo) {
                        sight = live.poll();
                    } else if (sight == null && !reading) {
                        reading = true;
                        read = true;
                    }
                }
                if (!stopped && end != null) {
                    over = end;
                    stopped = true;
                }
                if (over == null && sight == null && !read) {
                    writing = false;
                    return;
                }
                toldAt = time.nanos();
            }
            if (over != null) {
                watcher.end(over);
            } else if (sight != null) {
                watcher.show(sight);
            } else {
                try {
                    blocking.execute(this::readPast);
                } catch (RejectedExecutionException e) {
                    endWith(Fleet.storeBusy());
                }
            }
        }
    }

    static Failure compacted(long after) {
        return Failure.of(
                Reason.REVISION_COMPACTED,
                "what happened after revision " + after + " is not known here: list again, and watch from there");
    }

    private void readPast() {
        long from;
        long to;
        synchronized (this) {
            from = replayed;
            to = replayTo;
        }
        Failure failure = null;
        List<LlmEvent> page = List.of();
        try {
            page = store.eventsAfter(from, name, PAGE);
            if (from < store.compactedRevision()) { // asked afterwards: it may be forgotten while it is read
                failure = compacted(from);
            }
        } catch (StoreException e) {
            failure = Fleet.storeUnavailable();
        }
        synchronized (this) {
            reading = false;
            if (failure != null) {
                endWith(failure);
            } else {
                page.stream()
                        .filter(event -> event.revision() <= to)
                        .map(vista::seen)
                        .filter(Objects::nonNull)
                        .forEach(event -> past.add(new Sight.Changed(event, false)));
                replayed = page.size() < PAGE ? to : page.get(page.size() - 1).revision();
            }
        }
        write();
    }
}
