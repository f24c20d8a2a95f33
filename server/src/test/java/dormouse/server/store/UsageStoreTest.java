package dormouse.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.server.fleet.TaskRecord;
import dormouse.server.fleet.UsageKey;
import dormouse.server.fleet.UsageQuery;
import dormouse.server.fleet.UsageStore;
import dormouse.server.fleet.UsageSum;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link UsageStore}. */
@ParameterizedClass
@EnumSource(Engine.class)
class UsageStoreTest {
    private static final Instant NOON = Instant.parse("2026-11-01T12:00:00.123456Z");
    private static final UsageQuery ALL = new UsageQuery(null, null, Set.of(), null);

    private final Engine engine;
    private Database database;
    private UsageStore store;

    UsageStoreTest(Engine engine) {
        this.engine = engine;
    }

    @BeforeEach
    void open(@TempDir Path directory) {
        database = engine.create(directory);
        store = database.usage();
    }

    @AfterEach
    void close() {
        database.close();
    }

    private static TaskRecord task(String id, String llm, String caller, Instant end, @Nullable Reason why) {
        return new TaskRecord(
                new TaskId(id),
                new LlmName(llm),
                new LlmName(llm),
                caller,
                end,
                why,
                why == null ? 100 : 0,
                why == null ? 7 : 0,
                why == null ? 2000 : 0,
                Duration.ofMillis(10),
                Duration.ofSeconds(40),
                why == null ? Duration.ofMillis(250) : null,
                Duration.ofMillis(41_500));
    }

    private static TaskRecord task(String id) {
        return task(id, "a", "", NOON, null);
    }

    private static UsageQuery by(UsageKey... keys) {
        return new UsageQuery(null, null, Set.of(keys), null);
    }

    private static UsageQuery between(@Nullable String from, @Nullable String to) {
        return new UsageQuery(
                from == null ? null : Instant.parse(from), to == null ? null : Instant.parse(to), Set.of(), null);
    }

    private long tasks(UsageQuery query) {
        return store.sum(query, 10).stream().mapToLong(UsageSum::tasks).sum();
    }

    private long tasks() {
        return tasks(ALL);
    }

    @Test
    void of_nothing_the_sum_is_nothing() {
        assertThat(store.sum(ALL, 10)).containsExactly(UsageSum.NONE);
        assertThat(store.sum(by(UsageKey.LLM), 10)).isEmpty();
        store.record(List.of());
    }

    @Test
    void whole_failed_and_left_ones_are_counted_apart_and_all_else_is_summed() {
        store.record(List.of(
                task("1"),
                task("2"),
                task("3", "a", "", NOON, Reason.WAKE_FAILED),
                task("4", "a", "", NOON, Reason.CLIENT_GONE)));

        assertThat(store.sum(ALL, 10))
                .containsExactly(new UsageSum(
                        null,
                        "",
                        "",
                        4,
                        1,
                        1,
                        2,
                        200,
                        14,
                        4000,
                        Duration.ofMillis(40),
                        Duration.ofSeconds(160),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(166)));
    }

    @Test
    void sums_are_told_apart_by_day_llm_and_caller_and_come_in_that_order() {
        Instant midnight = Instant.parse("2026-11-02T00:00:00Z");
        store.record(List.of(
                task("1", "b", "tok-2", midnight.minusNanos(1000), null),
                task("2", "a", "tok-2", midnight, null),
                task("3", "a", "tok-1", midnight, null),
                task("4", "B", "", midnight, null),
                task("5", "a", "tok-1", midnight.plusSeconds(86_399), null)));

        assertThat(store.sum(by(UsageKey.values()), 10))
                .extracting(sum -> sum.day() + " " + sum.llm() + " " + sum.caller() + " " + sum.tasks())
                .containsExactly(
                        "2026-11-01 b tok-2 1", "2026-11-02 B  1", "2026-11-02 a tok-1 2", "2026-11-02 a tok-2 1");
        assertThat(store.sum(by(UsageKey.LLM), 10))
                .extracting(sum -> sum.day() + " " + sum.llm() + " " + sum.caller() + " " + sum.tasks())
                .containsExactly("null B  1", "null a  3", "null b  1");
        assertThat(store.sum(by(UsageKey.CALLER), 10))
                .extracting(sum -> sum.caller() + " " + sum.tasks())
                .containsExactly(" 1", "tok-1 2", "tok-2 2");
        assertThat(store.sum(by(UsageKey.DAY), 10))
                .extracting(UsageSum::day, UsageSum::tasks)
                .containsExactly(tuple(LocalDate.parse("2026-11-01"), 1L), tuple(LocalDate.parse("2026-11-02"), 4L));
    }

    @Test
    void a_day_before_1970_is_a_day() {
        store.record(List.of(task("1", "a", "", Instant.parse("1969-12-31T23:00:00Z"), null)));
        assertThat(store.sum(by(UsageKey.DAY), 10))
                .extracting(UsageSum::day)
                .containsExactly(LocalDate.parse("1969-12-31"));
    }

    @Test
    void a_time_begins_with_its_first_moment_and_ends_before_its_last() {
        store.record(List.of(task("1")));
        assertThat(tasks(between("2026-11-01T12:00:00.123456Z", null))).isEqualTo(1);
        assertThat(tasks(between("2026-11-01T12:00:00.123457Z", null))).isZero();
        assertThat(tasks(between(null, "2026-11-01T12:00:00.123457Z"))).isEqualTo(1);
        assertThat(tasks(between(null, "2026-11-01T12:00:00.123456Z"))).isZero();
    }

    @Test
    void one_llm_can_be_asked_for() {
        store.record(List.of(task("1"), task("2", "b", "", NOON, null)));
        assertThat(tasks(new UsageQuery(null, null, Set.of(), new LlmName("b"))))
                .isEqualTo(1);
        assertThat(tasks(new UsageQuery(null, null, Set.of(), new LlmName("c"))))
                .isZero();
    }

    @Test
    void there_are_no_more_rows_than_asked_for() {
        store.record(IntStream.range(0, 30)
                .mapToObj(i -> task("t" + i, "llm-" + i, "", NOON, null))
                .toList());
        assertThat(store.sum(by(UsageKey.LLM), 11)).hasSize(11);
    }

    @Test
    void what_is_recorded_twice_is_there_once() {
        store.record(List.of(task("1"), task("2")));
        store.record(List.of(task("2"), task("3"), task("1")));
        store.record(List.of(task("4"), task("4")));
        assertThat(tasks()).isEqualTo(4);
    }

    @Test
    void a_caller_whose_name_no_database_can_hold_is_recorded_all_the_same() {
        store.record(List.of(task("1", "a", "tok\0", NOON, null)));
        assertThat(tasks()).isEqualTo(1);
    }

    @Test
    void what_one_statement_does_not_sum_up_the_next_one_does() {
        for (int batch = 0; batch < 6; batch++) {
            int from = batch * 10_000;
            store.record(IntStream.range(from, from + 10_000)
                    .mapToObj(i -> task("t" + i, "llm-" + i % 3, "", NOON.plusSeconds(i / 4), null))
                    .toList());
        }
        assertThat(store.sum(ALL, 1))
                .extracting(UsageSum::tasks, UsageSum::promptTokens)
                .containsExactly(tuple(60_000L, 6_000_000L));
        assertThat(store.sum(by(UsageKey.LLM), 3))
                .extracting(UsageSum::tasks)
                .containsExactly(20_000L, 20_000L, 20_000L);
        assertThat(tasks(new UsageQuery(NOON.plusSeconds(100), NOON.plusSeconds(14_900), Set.of(), null)))
                .isEqualTo(4 * 14_800);
    }

    @Test
    void what_is_old_is_forgotten_slice_by_slice() {
        store.record(IntStream.range(0, 2500)
                .mapToObj(i -> task("t" + i, "a", "", NOON.minusSeconds(i), null))
                .toList());
        store.forget(NOON.minusSeconds(2000));
        assertThat(tasks()).isEqualTo(2001);
        for (int twice = 0; twice < 2; twice++) {
            store.forget(NOON);
            assertThat(tasks()).as("what ended then is kept").isEqualTo(1);
        }
    }
}
