package dormouse.server.store;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The rows of an H2 file, of which the newest revision is noted beside it: {@link NewestRevision}. Any thread; blocks. */
final class NotedLlmStore implements LlmStore {
    private final LlmStore rows;
    private final NewestRevision newest;
    private final AtomicLong latest = new AtomicLong();

    NotedLlmStore(LlmStore rows, NewestRevision newest) {
        this.rows = rows;
        this.newest = newest;
    }

    @Override
    public List<LlmEvent> commit(List<Change> changes, Instant now) {
        List<LlmEvent> events = rows.commit(changes, now);
        if (!events.isEmpty()) {
            long revision = events.get(events.size() - 1).revision();
            latest.accumulateAndGet(revision, Math::max);
            newest.committed(revision, now);
        }
        return events;
    }

    @Override
    public void heartbeats(Map<SessionId, Instant> heard) {
        rows.heartbeats(heard);
        newest.note(latest.get());
    }

    /** Before the database is closed. */
    void close() {
        newest.note(latest.get());
    }

    @Override
    public Snapshot load() {
        Snapshot snapshot = rows.load();
        latest.accumulateAndGet(snapshot.revision(), Math::max);
        newest.note(snapshot.revision());
        return snapshot;
    }

    @Override
    public List<Declaration> declarations() {
        return rows.declarations();
    }

    @Override
    public List<LlmEvent> history(LlmName name, long before, int limit) {
        return rows.history(name, before, limit);
    }

    @Override
    public List<LlmEvent> eventsAfter(long revision, @Nullable LlmName name, int limit) {
        return rows.eventsAfter(revision, name, limit);
    }

    @Override
    public long compactedRevision() {
        return rows.compactedRevision();
    }

    @Override
    public void compact(Instant before) {
        rows.compact(before);
    }
}
