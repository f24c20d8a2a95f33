package dormouse.server.control;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.Owner;
import dormouse.server.fleet.SessionId;
import java.lang.reflect.Field;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is looked up by session and by pool is what a look at every row would find. */
class RowsTest {
    private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");
    private static final List<String> SESSIONS = List.of("s-ana", "s-bob", "s-eve");
    private static final List<String> POOLS = List.of("", "small", "large");

    private final Rows rows = new Rows();
    private final Map<LlmName, Llm> plain = new TreeMap<>();

    private static Llm row(LlmName name, @Nullable String session, String pool) {
        return new Llm(
                name,
                session == null ? LlmKind.PUBLIC : LlmKind.VIRTUAL,
                LlmState.ACTIVE,
                "",
                new LlmSpec("model", pool, 1, false, false, Map.of(), Duration.ofSeconds(60), ""),
                session == null ? null : new Owner(new SessionId(session), "agent", "", 1, "main"),
                NOW,
                NOW,
                session == null ? null : NOW,
                null,
                null,
                1);
    }

    private void check() {
        assertThat(rows.all()).containsExactlyElementsOf(plain.values());
        for (String id : SESSIONS) {
            SessionId session = new SessionId(id);
            assertThat(rows.ownedBy(session))
                    .containsExactlyElementsOf(plain.values().stream()
                            .filter(row -> row.ownedBy(session))
                            .toList());
            for (String pool : POOLS) {
                assertThat(rows.isPoolOfOthers(pool, session))
                        .isEqualTo(!pool.isEmpty()
                                && plain.values().stream()
                                        .anyMatch(row -> row.spec().pool().equals(pool) && !row.ownedBy(session)));
            }
        }
    }

    @Test
    void whateverComesAndGoesTheRowsOfASessionAndOfAPoolAreFound() throws Exception {
        Random random = new Random(17);
        for (int step = 0; step < 2_000; step++) {
            LlmName name = new LlmName("llm-" + random.nextInt(12));
            if (random.nextInt(4) == 0) {
                rows.remove(name);
                plain.remove(name);
            } else {
                int owner = random.nextInt(SESSIONS.size() + 1);
                Llm row = row(
                        name,
                        owner == SESSIONS.size() ? null : SESSIONS.get(owner),
                        POOLS.get(random.nextInt(POOLS.size())));
                rows.put(row);
                plain.put(name, row);
            }
            if (random.nextInt(4) == 0) {
                Instant at = NOW.plusSeconds(step);
                SessionId heard = new SessionId(SESSIONS.get(random.nextInt(SESSIONS.size())));
                rows.heard(Map.of(heard, at));
                plain.replaceAll((any, row) -> row.ownedBy(heard) ? row.heardAt(at) : row);
            }
            check();
        }
        List.copyOf(plain.keySet()).forEach(rows::remove);
        for (String index : List.of("byName", "bySession", "byPool")) {
            Field field = Rows.class.getDeclaredField(index);
            field.setAccessible(true);
            assertThat((Map<?, ?>) field.get(rows)).as(index).isEmpty();
        }
    }
}
