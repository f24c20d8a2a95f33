package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.delete;
import static dormouse.server.store.Rows.events;
import static dormouse.server.store.Rows.in;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.save;
import static dormouse.server.store.Rows.session;
import static dormouse.server.store.Rows.update;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.StaleException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the stores promise to several who act at the same time: two servers, several threads each. */
@ParameterizedClass
@EnumSource(Engine.class)
class RacesTest {
    private static final int ROUNDS = 20;
    private static final int THREADS = 4;
    private static final int READS = 100;

    private final Engine engine;
    private Database one;
    private Database other;

    RacesTest(Engine engine) {
        this.engine = engine;
    }

    @BeforeEach
    void open(@TempDir Path directory) throws Exception {
        String url = engine.url(directory);
        one = engine.open(url);
        other = engine.open(url);
        Crowd.run(2, i -> {
            database(i).migrate();
            return i;
        });
    }

    @AfterEach
    void close() {
        other.close();
        one.close();
    }

    @Test
    void one_of_several_changes_of_a_row_is_saved() throws Exception {
        Llm row = save(one.llms(), register(llm("a")));
        for (int round = 0; round < ROUNDS; round++) {
            Llm before = row;
            List<LlmState> states = List.of(LlmState.LOST, LlmState.LEFT, LlmState.DOWN, LlmState.ACTIVE);
            List<Llm> saved = winners(i -> save(store(i), update(before, in(states.get(i), before))));
            assertThat(saved).hasSize(1);
            row = saved.get(0);
            assertThat(one.llms().load()).isEqualTo(new LlmStore.Snapshot(saved, round + 2));
        }
    }

    @Test
    void one_of_several_gets_a_new_name() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String name = "llm-" + round;
            List<Llm> saved = winners(i -> save(store(i), register(llm(name, "session-" + i))));
            assertThat(saved).hasSize(1);
            assertThat(Rows.find(one.llms(), name)).isEqualTo(saved.get(0));
        }
        assertThat(one.llms().load().revision()).isEqualTo(ROUNDS);
    }

    @Test
    void a_row_is_deleted_once() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Llm row = save(one.llms(), register(llm("a")));
            assertThat(winners(i -> save(store(i), delete(row)))).hasSize(1);
        }
        assertThat(one.llms().load().revision()).isEqualTo(2 * ROUNDS);
    }

    @Test
    void one_of_several_streams_gets_the_epoch() throws Exception {
        SessionId id = new SessionId("s1");
        one.sessions().create(session("s1"));
        for (int round = 1; round <= ROUNDS; round++) {
            long expected = round;
            List<Boolean> advanced =
                    Crowd.run(THREADS, i -> database(i).sessions().advance(id, expected, "agent-" + i, "1", "i", NOW));
            assertThat(advanced).containsOnlyOnce(true);
        }
        assertThat(one.sessions().find(id).orElseThrow().epoch()).isEqualTo(ROUNDS + 1);
    }

    @Test
    void one_of_several_creates_a_session() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String id = "session-" + round;
            List<String> created = winners(i -> {
                database(i).sessions().create(session(id));
                return id;
            });
            assertThat(created).hasSize(1);
        }
    }

    @Test
    void commits_that_meet_on_several_rows_and_heartbeats_between_them_all_get_through() throws Exception {
        List<Llm> rows = new ArrayList<>();
        // Heartbeats come to llm-1 before they come to llm-0, commits after.
        for (int i = 0; i < 6; i++) {
            rows.add(save(one.llms(), register(llm("llm-" + i, "session-" + (i + 1) % 2))));
        }
        AtomicInteger stale = new AtomicInteger();
        List<Integer> saved = Crowd.run(THREADS, i -> {
            int count = 0;
            for (int round = 0; round < ROUNDS; round++) {
                store(i).heartbeats(Map.of(
                        new SessionId("session-0"), NOW.plusSeconds(round),
                        new SessionId("session-1"), NOW.plusSeconds(round)));
                List<Llm> now = new ArrayList<>(store(i).load().llms());
                if (i % 2 == 0) {
                    Collections.reverse(now);
                }
                try {
                    store(i).commit(now.stream().map(row -> update(row, row)).toList(), NOW);
                    count++;
                } catch (StaleException e) {
                    stale.incrementAndGet();
                }
            }
            return count;
        });
        int commits = saved.stream().mapToInt(Integer::intValue).sum();
        assertThat(commits + stale.get()).isEqualTo(THREADS * ROUNDS);
        assertThat(commits).isPositive();
        assertThat(one.llms().load().revision()).isEqualTo(6L + commits * 6L);
    }

    @Test
    void readers_see_revisions_in_order_without_a_gap_and_rows_that_fit_them() throws Exception {
        int writers = 3;
        AtomicInteger reads = new AtomicInteger();
        AtomicInteger atWork = new AtomicInteger(writers);
        List<LlmEvent> tail = new ArrayList<>();
        List<LlmStore.Snapshot> snapshots = new ArrayList<>();
        List<Long> counts = Crowd.run(writers + 2, i -> {
            if (i < writers) {
                try {
                    return write(store(i), "llm-" + i, () -> reads.get() < READS);
                } finally {
                    atWork.decrementAndGet();
                }
            }
            boolean last = false;
            while (!last) {
                last = atWork.get() == 0;
                if (i == writers) {
                    long seen = tail.isEmpty() ? 0 : tail.get(tail.size() - 1).revision();
                    tail.addAll(store(i).eventsAfter(seen, null, 1000));
                    reads.incrementAndGet();
                } else {
                    snapshots.add(store(i).load());
                }
            }
            return 0L;
        });
        long all = counts.stream().mapToLong(Long::longValue).sum();
        assertThat(tail)
                .extracting(LlmEvent::revision)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, all).boxed().toList());
        assertThat(snapshots.get(snapshots.size() - 1).revision()).isEqualTo(all);
        for (LlmStore.Snapshot snapshot : snapshots) {
            assertThat(snapshot.llms()).isEqualTo(replay(tail, snapshot.revision()));
        }
    }

    /** Registers, changes and deletes by turns, a change per commit, and says how many. */
    private static long write(LlmStore store, String name, BooleanSupplier more) {
        Llm row = null;
        long i = 0;
        for (; more.getAsBoolean(); i++) {
            Change change =
                    row == null ? register(llm(name)) : i % 4 == 3 ? delete(row) : update(row, in(LlmState.LOST, row));
            LlmEvent event = events(store, change).get(0);
            row = event.type() == LlmEventType.DELETED ? null : event.llm();
        }
        return i;
    }

    private static List<Llm> replay(List<LlmEvent> events, long upTo) {
        Map<LlmName, Llm> rows = new TreeMap<>();
        for (LlmEvent event : events) {
            if (event.revision() <= upTo && event.type() == LlmEventType.DELETED) {
                rows.remove(event.llm().name());
            } else if (event.revision() <= upTo) {
                rows.put(event.llm().name(), event.llm());
            }
        }
        return List.copyOf(rows.values());
    }

    private static <T> List<T> winners(IntFunction<T> work) throws Exception {
        return Crowd.run(THREADS, i -> unlessStale(() -> work.apply(i))).stream()
                .flatMap(List::stream)
                .toList();
    }

    private static <T> List<T> unlessStale(Supplier<T> work) {
        try {
            return List.of(work.get());
        } catch (StaleException e) {
            return List.of();
        }
    }

    private LlmStore store(int thread) {
        return database(thread).llms();
    }

    private Database database(int thread) {
        return thread % 2 == 0 ? one : other;
    }
}
