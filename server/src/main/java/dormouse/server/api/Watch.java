package dormouse.server.api;

import dormouse.contract.Times;
import dormouse.server.control.Fleet;
import dormouse.server.control.Time;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.StoreException;
import dormouse.v1.LlmEvent.Type;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One watcher: a bounded queue of live events behind whatever part of the past it still has to be shown. Who does not
 * read is let go with WATCHER_TOO_SLOW when the queue is full. Any thread may add; one writes at a time.
 */
final class Watch {
    /** Live events that wait for a watcher, at most. */
    static final int MOST_WAITING = 1024;

    private static final Duration BOOKMARK_EVERY = Duration.ofSeconds(30);
    private static final int PAGE = 256;

    private final @Nullable LlmName name;
    private final ServerCallStreamObserver<dormouse.v1.LlmEvent> response;
    private final Views views;
    private final LlmStore store;
    private final Time time;
    private final Executor blocking;
    private final Queue<dormouse.v1.LlmEvent> past = new ArrayDeque<>(); // all under this
    private final Queue<dormouse.v1.LlmEvent> live = new ArrayDeque<>();
    private long replayed;
    private long replayTo;
    private boolean reading;
    private boolean writing;
    private boolean stopped;
    private @Nullable StatusRuntimeException end;
    private long revision;
    private long toldAt;

    Watch(
            @Nullable LlmName name,
            ServerCallStreamObserver<dormouse.v1.LlmEvent> response,
            Views views,
            LlmStore store,
            Time time,
            Executor blocking) {
        this.name = name;
        this.response = response;
        this.views = views;
        this.store = store;
        this.time = time;
        this.blocking = blocking;
        this.toldAt = time.nanos();
    }

    private boolean concerns(Llm llm) {
        return name == null || name.equals(llm.name());
    }

    /** Shows the present state first. On the fleet's lane. */
    void snapshot(Collection<Llm> all, long at) {
        synchronized (this) {
            revision = at;
            for (Llm llm : all) {
                if (concerns(llm)) {
                    past.add(event(Type.TYPE_SNAPSHOT, at).toBuilder()
                            .setLlm(views.live(llm))
                            .build());
                }
            }
            past.add(event(Type.TYPE_SNAPSHOT_END, at));
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
        if (concerns(event.llm())) {
            add(views.event(event), event.revision());
            write();
        } else {
            synchronized (this) {
                revision = event.revision();
            }
        }
    }

    /** The task counts of an Llm have changed. */
    void load(Llm llm) {
        if (concerns(llm)) {
            dormouse.v1.Llm view = views.live(llm);
            synchronized (this) {
                add(event(Type.TYPE_LOAD, revision).toBuilder().setLlm(view).build(), revision);
            }
            write();
        }
    }

    /** Says that nothing is new, where nothing was said for a while. */
    void bookmark() {
        synchronized (this) {
            if (past.isEmpty()
                    && live.isEmpty()
                    && replayed >= replayTo
                    && time.since(toldAt).compareTo(BOOKMARK_EVERY) >= 0) {
                add(event(Type.TYPE_BOOKMARK, revision), revision);
            }
        }
        write();
    }

    private dormouse.v1.LlmEvent event(Type type, long at) {
        return dormouse.v1.LlmEvent.newBuilder()
                .setType(type)
                .setRevision(at)
                .setTime(Times.timestamp(time.now()))
                .build();
    }

    private synchronized void add(dormouse.v1.LlmEvent event, long at) {
        if (stopped || end != null) {
            return;
        }
        revision = at;
        if (live.size() >= MOST_WAITING) {
            endWith(Errors.of(
                    Reason.WATCHER_TOO_SLOW,
                    MOST_WAITING + " events wait for this watcher: list again, and watch from there"));
        } else {
            live.add(event);
        }
    }

    /** Nothing more is to be said but this. */
    synchronized void endWith(StatusRuntimeException why) {
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

    /** Writes what there is, as far as the watcher takes it. */
    void write() {
        synchronized (this) {
            if (writing) {
                return;
            }
            writing = true;
        }
        while (true) {
            dormouse.v1.LlmEvent event = null;
            StatusRuntimeException over = null;
            boolean read = false;
            synchronized (this) {
                if (!stopped && end == null && response.isReady()) {
                    event = past.poll();
                    if (event == null && replayed >= replayTo) {
                        event = live.poll();
                    } else if (event == null && !reading) {
                        reading = true;
                        read = true;
                    }
                }
                if (!stopped && end != null) {
                    over = end;
                    stopped = true;
                }
                if (over == null && event == null && !read) {
                    writing = false;
                    return;
                }
                toldAt = time.nanos();
            }
            if (over != null) {
                response.onError(over);
            } else if (event != null) {
                response.onNext(event);
            } else {
                try {
                    blocking.execute(this::readPast);
                } catch (RejectedExecutionException e) {
                    endWith(Errors.of(Answers.BUSY));
                }
            }
        }
    }

    static StatusRuntimeException compacted(long after) {
        return Errors.of(
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
        StatusRuntimeException failure = null;
        List<LlmEvent> page = List.of();
        try {
            page = store.eventsAfter(from, name, PAGE);
            if (from < store.compactedRevision()) { // asked afterwards: it may be forgotten while it is read
                failure = compacted(from);
            }
        } catch (StoreException e) {
            failure = Errors.of(Fleet.storeUnavailable());
        }
        synchronized (this) {
            reading = false;
            if (failure != null) {
                endWith(failure);
            } else {
                page.stream().filter(event -> event.revision() <= to).forEach(event -> past.add(views.event(event)));
                replayed = page.size() < PAGE ? to : page.get(page.size() - 1).revision();
            }
        }
        write();
    }
}
