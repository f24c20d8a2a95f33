package dormouse.server.relay;

import dormouse.server.control.Time;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.TaskRecord;
import dormouse.server.fleet.UsageQuery;
import dormouse.server.fleet.UsageStore;
import dormouse.server.fleet.UsageSum;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down what the Llms are used for, a row a task, behind the tasks' backs: {@link #ended} puts a record into a queue,
 * and {@link #EVERY} so often, or when {@link #BATCH} are there, a thread that may wait for the database writes them.
 * While the database is away they are kept, {@link #MOST} at most: further ones are dropped, counted and told in the log,
 * since no task may be slowed down for the sake of its row.
 *
 * <p>No row is written for what is malformed, nor for the failure of a name that no Llm and no pool has: anyone could make
 * those up.
 *
 * <p>Any thread; only {@link #ended} does not block.
 */
public final class UsageLedger implements TaskLedger, AutoCloseable {
    /** Rows that wait for the database, at most: a few MB. */
    static final int MOST = 10_000;

    /** Rows of one transaction, at most. */
    static final int BATCH = 500;

    /**
     * How long a row waits at most before it is written, where the database is there: what a server that is killed may
     * lose. As long as heartbeats wait, since a commit costs H2's file 12 KB.
     */
    static final Duration EVERY = Duration.ofSeconds(15);

    private static final Duration BETWEEN_COMPLAINTS = Duration.ofMinutes(1);
    private static final Logger log = LoggerFactory.getLogger(UsageLedger.class);

    private final UsageStore store;
    private final Predicate<LlmName> known;
    private final boolean on;
    private final Time time;
    private final Executor blocking;

    /** Held by who writes, while the rows that are being written are in the queue still. */
    private final Object writer = new Object();

    private final ArrayDeque<TaskRecord> queue = new ArrayDeque<>(); // under it, as what follows
    private boolean handedOver;
    private boolean away;
    private long dropped;
    private long complainedAt;

    private final AtomicBoolean summing = new AtomicBoolean();
    private volatile boolean stopped;

    /**
     * @param known whether there is an Llm, or a pool, of that name
     * @param on whether rows are written at all
     * @param blocking where it may wait for the database
     */
    public UsageLedger(UsageStore store, Predicate<LlmName> known, boolean on, Time time, Executor blocking) {
        this.store = store;
        this.known = known;
        this.on = on;
        this.time = time;
        this.blocking = blocking;
    }

    /** Begins to write. */
    public void start() {
        tick();
    }

    @Override
    public void ended(TaskRecord record) {
        if (!on || !concerns(record)) {
            return;
        }
        boolean handOver;
        synchronized (queue) {
            if (queue.size() >= MOST) {
                drop();
                return;
            }
            queue.add(record);
            handOver = queue.size() >= BATCH && !handedOver && !away;
            handedOver |= handOver;
        }
        if (handOver) {
            handOver();
        }
    }

    private boolean concerns(TaskRecord record) {
        Reason why = record.why();
        if (why == null || record.firstByte() != null) {
            return true;
        }
        return why != Reason.MALFORMED && why != Reason.LLM_NOT_FOUND && known.test(record.llm());
    }

    private void drop() {
        long now = time.nanos();
        if (dropped++ == 0 || now - complainedAt >= BETWEEN_COMPLAINTS.toNanos()) {
            complainedAt = now;
            log.warn("usage is dropped: the database is away, or too slow for it dropped={}", dropped);
        }
    }

    private void tick() {
        time.after(EVERY, () -> {
            if (stopped) {
                return;
            }
            boolean handOver;
            synchronized (queue) {
                handOver = !handedOver && !queue.isEmpty();
                handedOver |= handOver;
            }
            if (handOver) {
                handOver();
            }
            tick();
        });
    }

    private void handOver() {
        try {
            blocking.execute(() -> {
                try {
                    write();
                } catch (StoreException e) {
                    log.debug("usage is written later cause={}", e.getMessage());
                } finally {
                    handedBack();
                }
            });
        } catch (RejectedExecutionException e) {
            handedBack();
        }
    }

    private void handedBack() {
        synchronized (queue) {
            handedOver = false;
        }
    }

    /** @throws StoreException where the database does not take it: what it has not got is kept */
    private void write() {
        synchronized (writer) {
            List<TaskRecord> batch = oldest();
            while (!batch.isEmpty()) {
                try {
                    store.record(batch);
                } catch (StoreException e) {
                    away(true);
                    throw e;
                }
                away(false);
                synchronized (queue) {
                    batch.forEach(written -> queue.remove());
                }
                batch = oldest();
            }
        }
    }

    private List<TaskRecord> oldest() {
        synchronized (queue) {
            return queue.stream().limit(BATCH).toList();
        }
    }

    private void away(boolean now) {
        boolean before;
        synchronized (queue) {
            before = away;
            away = now;
        }
        if (now && !before) {
            log.warn("usage is not written: it is kept while there is room rows={}", waiting());
        } else if (before && !now) {
            log.info("usage is written again");
        }
    }

    /**
     * The sums of what has ended until now, at most {@code limit}; or null while another one is made: of a long time they
     * may take a while, and what else waits for the database shall not wait for that.
     *
     * @throws StoreException where the database does not answer
     */
    public @Nullable List<UsageSum> sum(UsageQuery query, int limit) {
        if (!summing.compareAndSet(false, true)) {
            return null;
        }
        try {
            write();
            return store.sum(query, limit);
        } finally {
            summing.set(false);
        }
    }

    /** Rows that wait for the database. */
    public int waiting() {
        synchronized (queue) {
            return queue.size();
        }
    }

    /** Rows that were dropped. */
    public long dropped() {
        synchronized (queue) {
            return dropped;
        }
    }

    /** Writes what is there, as the last thing that it does. */
    @Override
    public void close() {
        stopped = true;
        try {
            write();
        } catch (StoreException e) {
            log.warn("usage is lost: the database does not take it rows={} cause={}", waiting(), e.getMessage());
        }
    }
}
