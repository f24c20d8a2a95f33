package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.delete;
import static dormouse.server.store.Rows.events;
import static dormouse.server.store.Rows.in;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.save;
import static dormouse.server.store.Rows.update;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link LlmStore}: its history, and how that is kept short. */
@ParameterizedClass
@EnumSource(Engine.class)
class HistoryTest {
    private static final LlmName A = new LlmName("a");

    private final Engine engine;
    private Database database;
    private LlmStore store;

    HistoryTest(Engine engine) {
        this.engine = engine;
    }

    @BeforeEach
    void open(@TempDir Path directory) {
        database = engine.create(directory);
        store = database.llms();
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void the_history_of_one_is_read_page_by_page_newest_first() {
        aAndBInTurns(5);
        List<LlmEvent> first = store.history(A, Long.MAX_VALUE, 2);
        assertThat(first).extracting(LlmEvent::revision).containsExactly(9L, 7L);
        List<LlmEvent> second = store.history(A, first.get(1).revision(), 2);
        assertThat(second).extracting(LlmEvent::revision).containsExactly(5L, 3L);
        assertThat(store.history(A, 3, 2)).extracting(LlmEvent::revision).containsExactly(1L);
        assertThat(store.history(A, 1, 2)).isEmpty();
        assertThat(store.history(new LlmName("nobody"), Long.MAX_VALUE, 2)).isEmpty();
    }

    @Test
    void what_came_after_a_revision_is_read_oldest_first() {
        aAndBInTurns(5);
        assertThat(store.eventsAfter(0, null, 3)).extracting(LlmEvent::revision).containsExactly(1L, 2L, 3L);
        assertThat(store.eventsAfter(8, null, 100))
                .extracting(LlmEvent::revision)
                .containsExactly(9L, 10L);
        assertThat(store.eventsAfter(3, A, 2)).extracting(LlmEvent::revision).containsExactly(5L, 7L);
        assertThat(store.eventsAfter(10, null, 100)).isEmpty();
    }

    @Test
    void the_history_outlives_the_row() {
        Llm a = save(store, register(llm("a")));
        events(store, delete(a));
        assertThat(store.load().llms()).isEmpty();
        assertThat(store.history(A, Long.MAX_VALUE, 10)).hasSize(2);
    }

    @Test
    void compaction_forgets_what_is_older_and_says_up_to_where() {
        Llm a = store.commit(List.of(register(llm("a"))), NOW).get(0).llm();
        Llm lost = store.commit(List.of(update(a, in(LlmState.LOST, a))), NOW.plusSeconds(1))
                .get(0)
                .llm();
        LlmStore.Snapshot rows = store.load();

        store.compact(NOW);
        assertThat(store.compactedRevision()).isZero();
        assertThat(store.eventsAfter(0, null, 10)).hasSize(2);

        for (int twice = 0; twice < 2; twice++) {
            store.compact(NOW.plusSeconds(1));
            assertThat(store.compactedRevision()).isEqualTo(1);
            assertThat(store.eventsAfter(0, null, 10)).extracting(LlmEvent::llm).containsExactly(lost);
        }

        store.compact(NOW.plusSeconds(2));
        store.compact(NOW);
        assertThat(store.compactedRevision()).isEqualTo(2);
        assertThat(store.eventsAfter(0, null, 10)).isEmpty();
        assertThat(store.load()).isEqualTo(rows);
        assertThat(save(store, register(llm("b"))).revision()).isEqualTo(3);
    }

    @Test
    void compaction_goes_by_time_where_clocks_disagree() {
        commitAt(NOW.plusSeconds(5), "early bird");
        commitAt(NOW, "slow clock");
        commitAt(NOW.plusSeconds(6), "late");
        store.compact(NOW.plusSeconds(1));
        assertThat(store.eventsAfter(0, null, 10))
                .extracting(LlmEvent::revision)
                .containsExactly(1L, 3L);
        assertThat(store.compactedRevision()).isEqualTo(2);
    }

    @Test
    void compaction_copes_with_a_long_history() {
        List<Change> many = IntStream.range(0, 2500)
                .mapToObj(i -> register(llm("llm-" + i)))
                .toList();
        store.commit(many, NOW);
        commitAt(NOW.plusSeconds(1), "a");
        store.compact(NOW.plusSeconds(1));
        assertThat(store.compactedRevision()).isEqualTo(2500);
        assertThat(store.eventsAfter(0, null, 10_000)).hasSize(1);
    }

    private void commitAt(Instant time, String detail) {
        String name = detail.replace(' ', '-');
        store.commit(List.of(register(llm(name))), time);
    }

    private void aAndBInTurns(int times) {
        Llm a = llm("a");
        Llm b = llm("b");
        for (int i = 0; i < times; i++) {
            a = save(store, i == 0 ? register(a) : update(a, a));
            b = save(store, i == 0 ? register(b) : update(b, b));
        }
    }
}
