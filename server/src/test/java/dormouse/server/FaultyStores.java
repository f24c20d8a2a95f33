package dormouse.server;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.TaskRecord;
import dormouse.server.fleet.UsageQuery;
import dormouse.server.fleet.UsageStore;
import dormouse.server.fleet.UsageSum;
import dormouse.server.fleet.WakeTimeStore;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Stands between a server and its real database: passes everything on, unless a test has other plans. */
public final class FaultyStores {
    private boolean away;
    private boolean loseReply;
    private Runnable beforeCommit = () -> {};
    private Runnable beforeAdvance = () -> {};
    private Runnable beforeEventsAfter = () -> {};
    private final List<Map<SessionId, Instant>> flushed = new ArrayList<>();
    private final List<Integer> usageBatches = new ArrayList<>();
    private boolean loseUsageReply;
    private int calls;

    /** From now on the database answers nothing. */
    public void away() {
        away = true;
    }

    /** It is back. */
    public void back() {
        away = false;
    }

    /** The next commit happens, but its caller hears that the connection broke. */
    public void loseTheNextReply() {
        loseReply = true;
    }

    /** A reply that nobody has come for is not lost any more. */
    public void loseNoReply() {
        loseReply = false;
    }

    /** The next batch of usage is written, but its writer hears that the connection broke. */
    public void loseTheNextUsageReply() {
        loseUsageReply = true;
    }

    /** How many rows each batch of usage had that was written. */
    public List<Integer> usageBatches() {
        return usageBatches;
    }

    /** Whether it does, or will do, other than its database. */
    public boolean faulty() {
        return away || loseReply;
    }

    /** Runs once, just before the next commit. */
    public void beforeTheNextCommit(Runnable interloper) {
        beforeCommit = interloper;
    }

    /** Runs once, after a session was read and before its epoch is advanced. */
    public void beforeTheNextAdvance(Runnable interloper) {
        beforeAdvance = interloper;
    }

    /** Runs once, just before history is read. */
    public void beforeTheNextEventsAfter(Runnable interloper) {
        beforeEventsAfter = interloper;
    }

    /** The batches of heartbeats written so far. */
    public List<Map<SessionId, Instant>> flushed() {
        return flushed;
    }

    /** How often the database was asked anything. */
    public int calls() {
        return calls;
    }

    private void pass() {
        calls++;
        if (away) {
            throw broken();
        }
    }

    private static StoreException broken() {
        return new StoreException("the test's database is away", new IOException("cut"));
    }

    LlmStore llms(LlmStore real) {
        return new LlmStore() {
            @Override
            public Snapshot load() {
                pass();
                return real.load();
            }

            @Override
            public List<LlmEvent> commit(List<Change> changes, Instant now) {
                pass();
                Runnable interloper = beforeCommit;
                beforeCommit = () -> {};
                interloper.run();
                List<LlmEvent> events = real.commit(changes, now);
                if (loseReply) {
                    loseReply = false;
                    throw broken();
                }
                return events;
            }

            @Override
            public List<Declaration> declarations() {
                pass();
                return real.declarations();
            }

            @Override
            public void heartbeats(Map<SessionId, Instant> heard) {
                pass();
                flushed.add(Map.copyOf(heard));
                real.heartbeats(heard);
            }

            @Override
            public List<LlmEvent> history(LlmName name, long before, int limit) {
                pass();
                return real.history(name, before, limit);
            }

            @Override
            public List<LlmEvent> eventsAfter(long revision, @Nullable LlmName name, int limit) {
                pass();
                Runnable interloper = beforeEventsAfter;
                beforeEventsAfter = () -> {};
                interloper.run();
                return real.eventsAfter(revision, name, limit);
            }

            @Override
            public long compactedRevision() {
                pass();
                return real.compactedRevision();
            }

            @Override
            public void compact(Instant before) {
                pass();
                real.compact(before);
            }
        };
    }

    UsageStore usage(UsageStore real) {
        return new UsageStore() {
            @Override
            public void record(List<TaskRecord> tasks) {
                pass();
                real.record(tasks);
                usageBatches.add(tasks.size());
                if (loseUsageReply) {
                    loseUsageReply = false;
                    throw broken();
                }
            }

            @Override
            public List<UsageSum> sum(UsageQuery query, int limit) {
                pass();
                return real.sum(query, limit);
            }

            @Override
            public void forget(Instant before) {
                pass();
                real.forget(before);
            }
        };
    }

    WakeTimeStore wakeTimes(WakeTimeStore real) {
        return new WakeTimeStore() {
            @Override
            public Map<LlmName, Learnt> load() {
                pass();
                return real.load();
            }

            @Override
            public void save(Map<LlmName, Learnt> learnt, Set<LlmName> gone) {
                pass();
                real.save(learnt, gone);
            }
        };
    }

    SessionStore sessions(SessionStore real) {
        return new SessionStore() {
            @Override
            public Optional<Session> find(SessionId id) {
                pass();
                return real.find(id);
            }

            @Override
            public List<Session> after(String id, int limit) {
                pass();
                return real.after(id, limit);
            }

            @Override
            public void create(Session session) {
                pass();
                real.create(session);
            }

            @Override
            public boolean advance(
                    SessionId id, long expected, String agent, String version, String instance, Instant now) {
                pass();
                Runnable interloper = beforeAdvance;
                beforeAdvance = () -> {};
                interloper.run();
                return real.advance(id, expected, agent, version, instance, now);
            }

            @Override
            public void purge(Instant before) {
                pass();
                real.purge(before);
            }
        };
    }
}
