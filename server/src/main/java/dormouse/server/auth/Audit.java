package dormouse.server.auth;

import dormouse.server.fleet.AuditEntry;
import dormouse.server.fleet.AuditStore;
import dormouse.server.fleet.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down who did what, where no transaction of its own says so: behind the caller's back, since nobody waits for it.
 * While the database is away entries are kept, {@link #MOST} at most. Strangers who fail to show a good token get a row now
 * and then, not one each, or they could fill the disk; nor does who asks the same over and over. Any thread; no method blocks.
 */
public final class Audit {
    private static final Logger log = LoggerFactory.getLogger(Audit.class);

    /** Entries that wait for the database, at most. */
    static final int MOST = 1000;

    /** So many failures at once have a row each; then one in each {@link #STRANGER_EVERY}. */
    static final int STRANGERS = 20;

    static final Duration STRANGER_EVERY = Duration.ofMinutes(1);

    /** How long the same caller may ask the same again without another row. */
    static final Duration AGAIN = Duration.ofMinutes(1);

    private final AuditStore store;
    private final Executor blocking;
    private final Bucket strangers;
    private final Map<Asked, Repeats> asked = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Asked, Repeats> eldest) {
            if (size() <= MOST) {
                return false;
            }
            tell(eldest.getKey(), eldest.getValue());
            return true;
        }
    };
    private final ArrayDeque<AuditEntry> queue = new ArrayDeque<>(); // all under it, asked too
    private boolean writing;
    private long unsaid;
    private long dropped;

    private record Asked(String actor, String action, String subject) {}

    /** Since when there is no other row, how many there would have been, and when the last of them. */
    private record Repeats(long nanos, long unsaid, Instant last) {}

    /** @param blocking where it may wait for the database */
    public Audit(AuditStore store, Executor blocking, long nanos) {
        this.store = store;
        this.blocking = blocking;
        this.strangers = new Bucket(STRANGERS, STRANGER_EVERY, nanos);
    }

    /** A caller has done something. */
    public void done(Caller caller, String action, String subject, String detail, Instant now) {
        add(new AuditEntry(now, caller.id(), action, subject, detail));
    }

    /** A caller asks for something that costs nothing to ask for again: told once in {@link #AGAIN}, with how often before. */
    public void asked(Caller caller, String action, String subject, Instant now, long nanos) {
        long before;
        synchronized (queue) {
            Asked what = new Asked(caller.id(), action, subject);
            Repeats last = asked.get(what);
            if (last != null && nanos - last.nanos() < AGAIN.toNanos()) {
                asked.put(what, new Repeats(last.nanos(), last.unsaid() + 1, now));
                return;
            }
            before = last == null ? 0 : last.unsaid();
            asked.put(what, new Repeats(nanos, 0, now));
        }
        done(caller, action, subject, before == 0 ? "" : before + " more since the row before", now);
    }

    /**
     * Somebody has shown no good token.
     *
     * @param actor the credential's id, where it is one that is no longer good; else empty
     */
    void failed(String actor, String address, String why, Instant now, long nanos) {
        long before;
        synchronized (queue) {
            if (!strangers.take(nanos).isZero()) {
                unsaid++;
                return;
            }
            before = unsaid;
            unsaid = 0;
        }
        log.warn("a caller was not let in address={} token={} why={} more={}", address, actor, why, before);
        add(new AuditEntry(
                now, actor, "auth.failed", address, before == 0 ? why : why + "; " + before + " more before it"));
    }

    private void add(AuditEntry entry) {
        synchronized (queue) {
            put(entry);
        }
        flush();
    }

    /** Under the lock. */
    private void put(AuditEntry entry) {
        if (queue.size() < MOST) {
            queue.add(entry);
        } else if (dropped++ % MOST == 0) {
            log.warn("the database does not take who did what dropped={}", dropped);
        }
    }

    /** Hands over what waits; called again from time to time, for what the database did not take. */
    public void flush() {
        synchronized (queue) {
            if (writing || queue.isEmpty()) {
                return;
            }
            writing = true;
        }
        try {
            blocking.execute(this::write);
        } catch (RejectedExecutionException e) {
            over();
        }
    }

    private void write() {
        try {
            for (List<AuditEntry> batch = oldest(); !batch.isEmpty(); batch = oldest()) {
                store.record(batch);
                synchronized (queue) {
                    batch.forEach(written -> queue.remove());
                }
            }
        } catch (StoreException e) {
            log.debug("who did what is written later cause={}", e.getMessage());
        } finally {
            over();
        }
    }

    private List<AuditEntry> oldest() {
        synchronized (queue) {
            return List.copyOf(queue);
        }
    }

    private void over() {
        synchronized (queue) {
            writing = false;
        }
    }

    /** Says how often those have asked again who have not done so for {@link #AGAIN}, and forgets them. */
    public void settle(long nanos) {
        synchronized (queue) {
            asked.entrySet().removeIf(each -> {
                boolean over = nanos - each.getValue().nanos() >= AGAIN.toNanos();
                if (over) {
                    tell(each.getKey(), each.getValue());
                }
                return over;
            });
        }
        flush();
    }

    /** Writes down all there is, if the database takes it. Blocks. */
    public void end() {
        synchronized (queue) {
            asked.forEach(this::tell);
            asked.clear();
            if (writing) {
                return; // who writes goes on until there is nothing
            }
            writing = true;
        }
        write();
    }

    /** As a row of the last time. Under the lock. */
    private void tell(Asked what, Repeats again) {
        if (again.unsaid() > 0) {
            put(new AuditEntry(
                    again.last(),
                    what.actor(),
                    what.action(),
                    what.subject(),
                    again.unsaid() + " more since the row before"));
        }
    }

    /** Forgets what is older. Blocks. */
    public void forget(Instant before) {
        store.forget(before);
    }
}
