package dormouse.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.WakeTime;
import dormouse.server.fleet.WakeTimeStore;
import dormouse.server.fleet.WakeTimeStore.Learnt;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link WakeTimeStore}. */
@ParameterizedClass
@EnumSource(Engine.class)
class WakeTimeStoreTest {
    private static final LlmName A = new LlmName("a");
    private static final LlmName B = new LlmName("b");

    private final Engine engine;
    private Database database;
    private WakeTimeStore store;

    WakeTimeStoreTest(Engine engine) {
        this.engine = engine;
    }

    @BeforeEach
    void open(@TempDir Path directory) {
        database = engine.create(directory);
        store = database.wakeTimes();
    }

    @AfterEach
    void close() {
        database.close();
    }

    private static Learnt learnt(String session, long... millis) {
        return new Learnt(
                new SessionId(session),
                new WakeTime(Arrays.stream(millis).mapToObj(Duration::ofMillis).toList()));
    }

    @Test
    void at_first_nothing_is_known() {
        assertThat(store.load()).isEmpty();
    }

    @Test
    void what_is_saved_is_loaded_in_its_order() {
        Map<LlmName, Learnt> both = Map.of(A, learnt("s1", 40_000, 250, 41_000), B, learnt("s2", 86_400_000));
        store.save(both, Set.of());
        assertThat(store.load()).isEqualTo(both);
    }

    @Test
    void what_is_saved_later_stands_in_its_place_and_twice_is_once() {
        store.save(Map.of(A, learnt("s1", 40_000), B, learnt("s1", 5_000)), Set.of());
        for (int twice = 0; twice < 2; twice++) {
            store.save(Map.of(A, learnt("s2", 40_000, 39_000)), Set.of());
            assertThat(store.load()).isEqualTo(Map.of(A, learnt("s2", 40_000, 39_000), B, learnt("s1", 5_000)));
        }
    }

    @Test
    void what_is_gone_is_forgotten() {
        store.save(Map.of(A, learnt("s1", 40_000), B, learnt("s1", 5_000)), Set.of());
        for (int twice = 0; twice < 2; twice++) {
            store.save(Map.of(), Set.of(A));
            assertThat(store.load()).containsOnlyKeys(B);
        }
    }

    @Test
    void thousands_are_one_batch() {
        Map<LlmName, Learnt> many = IntStream.range(0, 3000)
                .boxed()
                .collect(Collectors.toMap(i -> new LlmName("llm-" + i), i -> learnt("s", 1000 + i)));
        store.save(many, Set.of());
        assertThat(store.load()).isEqualTo(many);
        store.save(Map.of(), many.keySet());
        assertThat(store.load()).isEmpty();
    }
}
