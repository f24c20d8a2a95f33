package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.delete;
import static dormouse.server.store.Rows.events;
import static dormouse.server.store.Rows.find;
import static dormouse.server.store.Rows.in;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.save;
import static dormouse.server.store.Rows.update;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Owner;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.StaleException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link LlmStore}: rows, commits, heartbeats. */
@ParameterizedClass
@EnumSource(Engine.class)
class LlmStoreTest {
    private static final Instant NANOS = Instant.parse("2026-03-29T01:59:59.999999999Z");

    private final Engine engine;
    private Database database;
    private LlmStore store;

    LlmStoreTest(Engine engine) {
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
    void a_new_store_is_empty() {
        assertThat(store.load()).isEqualTo(new LlmStore.Snapshot(List.of(), 0));
        assertThat(store.compactedRevision()).isZero();
        assertThat(store.eventsAfter(0, null, 10)).isEmpty();
    }

    @Test
    void what_a_commit_returns_is_what_a_load_and_the_history_find() {
        List<LlmEvent> events = events(store, register(llm("b")), register(strange("a")), register(declared("c")));
        assertThat(store.load().revision()).isEqualTo(3);
        assertThat(store.load().llms())
                .containsExactly(
                        events.get(1).llm(), events.get(0).llm(), events.get(2).llm());
        assertThat(store.eventsAfter(0, null, 10)).isEqualTo(events);
    }

    @Test
    void every_field_is_kept() {
        Llm strange = strange("a");
        Llm found = save(store, register(strange));
        assertThat(find(store, "a"))
                .isEqualTo(found)
                .usingRecursiveComparison()
                .ignoringFields("createTime", "updateTime", "lastHeartbeat", "inactiveSince", "revision")
                .isEqualTo(strange);
    }

    @Test
    void times_are_cut_to_the_microsecond() {
        Llm found = save(store, register(strange("a")));
        Instant cut = Instant.parse("2026-03-29T01:59:59.999999Z");
        assertThat(List.of(found.createTime(), found.updateTime())).containsOnly(cut);
        LlmEvent event = store.commit(List.of(delete(found)), NANOS).get(0);
        assertThat(event.time()).isEqualTo(cut);
        assertThat(store.eventsAfter(1, null, 1)).containsExactly(event);
    }

    @Test
    void text_that_a_database_can_not_hold_is_replaced_and_the_commit_says_so() {
        Llm before = llm("a");
        Owner owner = new Owner(new SessionId("s"), "half \ud83d", "null \0", 1, "replica");
        Llm hostile = new Llm(
                before.name(),
                before.kind(),
                before.state(),
                "null \0 byte",
                before.spec(),
                owner,
                NOW,
                NOW,
                NOW,
                null,
                null,
                0);
        Change change = new Change(null, hostile, LlmEventType.REGISTERED, "detail \0");
        List<LlmEvent> events = events(store, change);
        assertThat(events.get(0).llm().reason()).isEqualTo("null \uFFFD byte");
        assertThat(store.load().llms()).containsExactly(events.get(0).llm());
        assertThat(store.eventsAfter(0, null, 1)).isEqualTo(events);
    }

    @Test
    void each_state_comes_back_and_waking_comes_back_as_hibernating() {
        for (LlmState state : LlmState.values()) {
            if (state != LlmState.ABSENT) {
                Llm told = save(store, register(llm(state.name(), "s", state, 0)));
                assertThat(told.state()).isEqualTo(state);
                assertThat(find(store, state.name())).isEqualTo(told.stored());
                assertThat(store.history(told.name(), Long.MAX_VALUE, 1).get(0).llm())
                        .isEqualTo(told);
            }
        }
    }

    @Test
    void a_waking_row_can_be_changed_on() {
        Llm hibernating = save(store, register(llm("a", "s", LlmState.HIBERNATING, 0)));
        Llm waking = save(store, update(hibernating, in(LlmState.WAKING, hibernating)));
        Llm active = save(store, update(waking, in(LlmState.ACTIVE, waking)));
        assertThat(find(store, "a")).isEqualTo(active);
    }

    @Test
    void revisions_are_consecutive_within_a_commit_and_across_commits() {
        List<LlmEvent> first = events(store, register(llm("a")), register(llm("b")));
        Llm b = first.get(1).llm();
        List<LlmEvent> second = events(store, update(b, in(LlmState.LEFT, b)), register(llm("c")));
        assertThat(first).extracting(LlmEvent::revision).containsExactly(1L, 2L);
        assertThat(second).extracting(LlmEvent::revision).containsExactly(3L, 4L);
        assertThat(second).extracting(event -> event.llm().revision()).containsExactly(3L, 4L);
        assertThat(store.load().revision()).isEqualTo(4);
    }

    @Test
    void an_empty_commit_changes_nothing() {
        assertThat(store.commit(List.of(), NOW)).isEmpty();
        assertThat(store.load().revision()).isZero();
    }

    @Test
    void what_is_stale_is_refused_and_saves_nothing_of_its_commit() {
        Llm a = save(store, register(llm("a")));
        Llm gone = save(store, register(llm("gone")));
        events(store, delete(gone));
        Llm newer = save(store, update(a, in(LlmState.LOST, a)));
        LlmStore.Snapshot before = store.load();

        for (Change stale : List.of(
                update(a, in(LlmState.LEFT, a)),
                delete(a),
                update(gone, in(LlmState.LEFT, gone)),
                delete(gone),
                register(llm("a")))) {
            assertThatThrownBy(
                            () -> events(store, register(llm("new")), update(newer, newer), stale, register(llm("z"))))
                    .isInstanceOf(StaleException.class)
                    .hasMessageContaining(stale.subject().name().value());
            assertThat(store.load()).isEqualTo(before);
        }
        assertThat(store.eventsAfter(before.revision(), null, 10)).isEmpty();
    }

    @Test
    void the_revision_of_a_refused_commit_is_given_to_the_next() {
        events(store, register(llm("a")));
        assertThatThrownBy(() -> events(store, register(llm("a")))).isInstanceOf(StaleException.class);
        assertThat(save(store, register(llm("b"))).revision()).isEqualTo(2);
    }

    @Test
    void a_name_can_be_deleted_and_given_anew_even_in_one_commit() {
        Llm first = save(store, register(llm("a", "session-1")));
        List<LlmEvent> both = events(store, delete(first), register(llm("a", "session-2")));
        Llm second = both.get(1).llm();
        assertThat(find(store, "a")).isEqualTo(second);
        events(store, delete(second));
        assertThat(find(store, "a")).isNull();
        Llm third = save(store, register(llm("a", "session-3")));
        assertThat(third.revision()).isEqualTo(5);
        assertThat(store.history(new LlmName("a"), Long.MAX_VALUE, 10))
                .extracting(LlmEvent::type)
                .containsExactly(
                        LlmEventType.REGISTERED,
                        LlmEventType.DELETED,
                        LlmEventType.REGISTERED,
                        LlmEventType.DELETED,
                        LlmEventType.REGISTERED);
    }

    @Test
    void a_deletion_shows_the_row_as_it_was() {
        Llm row = save(store, register(llm("a")));
        LlmEvent deleted = events(store, delete(row)).get(0);
        assertThat(deleted.llm()).isEqualTo(row);
        assertThat(store.eventsAfter(1, null, 10)).containsExactly(deleted);
    }

    @Test
    void names_that_differ_in_case_alone_are_two_and_stand_in_the_order_of_their_characters() {
        events(
                store,
                register(llm("b")),
                register(llm("B")),
                register(llm("a")),
                register(llm("_")),
                register(llm("b:1")));
        assertThat(store.load().llms())
                .extracting(llm -> llm.name().value())
                .containsExactly("B", "_", "a", "b", "b:1");
    }

    @Test
    void thousands_of_rows_change_in_one_commit() {
        List<Change> registrations = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            registrations.add(register(llm("llm-" + i)));
        }
        List<Change> losses = new ArrayList<>();
        for (LlmEvent event : store.commit(registrations, NOW)) {
            losses.add(update(event.llm(), in(LlmState.LOST, event.llm())));
        }
        List<LlmEvent> lost = store.commit(losses, NOW);
        assertThat(lost).hasSize(3000);
        assertThat(store.load().llms())
                .hasSize(3000)
                .containsExactlyInAnyOrderElementsOf(
                        lost.stream().map(LlmEvent::llm).toList());
    }

    /** Every field at an edge. */
    static Llm strange(String name) {
        LlmSpec spec = new LlmSpec(
                "模型/" + "é".repeat(500),
                "",
                1024,
                false,
                true,
                Map.of("", "", "\"quoted\\", "line\nbreak\0", "schlüssel", "🐭".repeat(60), "a", "1"),
                Duration.ofNanos(1),
                "");
        return new Llm(
                new LlmName(name),
                LlmKind.VIRTUAL,
                LlmState.SILENT,
                "still 🐭 'quoted' \"twice\" : ? ?? :name <reason> \\ % _",
                spec,
                new Owner(new SessionId("s-._Z9"), "ana’s desk", "dmt:1", Long.MAX_VALUE, ""),
                NANOS,
                NANOS,
                NANOS.minus(Duration.ofDays(20_000)),
                Instant.EPOCH,
                LlmState.HIBERNATING,
                0);
    }

    /** Without owner or heartbeat. */
    private static Llm declared(String name) {
        LlmSpec spec = new LlmSpec("gpt", "", 1, false, false, Map.of(), Duration.ofHours(24), "openai");
        return new Llm(
                new LlmName(name), LlmKind.PUBLIC, LlmState.ACTIVE, "", spec, null, NOW, NOW, null, null, null, 0);
    }
}
