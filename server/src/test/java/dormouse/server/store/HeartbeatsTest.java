package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.events;
import static dormouse.server.store.Rows.find;
import static dormouse.server.store.Rows.in;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.save;
import static dormouse.server.store.Rows.session;
import static dormouse.server.store.Rows.update;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link LlmStore#heartbeats}. */
@ParameterizedClass
@EnumSource(Engine.class)
class HeartbeatsTest {
    private static final Instant LATER = NOW.plusSeconds(30).plusNanos(999);
    private static final Instant LATER_STORED = NOW.plusSeconds(30);

    private final Engine engine;
    private Database database;
    private LlmStore store;

    HeartbeatsTest(Engine engine) {
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
    void a_heartbeat_bumps_every_row_of_its_session_and_no_other() {
        events(store, register(llm("a", "s1")), register(llm("b", "s1")), register(llm("c", "s2")));
        store.heartbeats(Map.of(new SessionId("s1"), LATER, new SessionId("unknown"), LATER));
        assertThat(store.load().llms()).extracting(Llm::lastHeartbeat).containsExactly(LATER_STORED, LATER_STORED, NOW);
    }

    @Test
    void an_earlier_heartbeat_changes_nothing() {
        events(store, register(llm("a", "s1")));
        store.heartbeats(Map.of(new SessionId("s1"), LATER));
        store.heartbeats(Map.of(new SessionId("s1"), NOW.plusSeconds(1)));
        assertThat(store.load().llms()).extracting(Llm::lastHeartbeat).containsExactly(LATER_STORED);
    }

    @Test
    void heartbeats_are_no_events_and_make_no_commit_stale() {
        Llm row = save(store, register(llm("a", "s1")));
        store.heartbeats(Map.of(new SessionId("s1"), LATER));
        assertThat(store.load().revision()).isEqualTo(1);
        assertThat(store.eventsAfter(1, null, 10)).isEmpty();
        Llm changed = save(store, update(row, in(LlmState.LEFT, row)));
        assertThat(find(store, "a")).isEqualTo(changed);
    }

    @Test
    void a_heartbeat_shows_when_its_session_was_last_seen() {
        SessionStore sessions = database.sessions();
        sessions.create(session("s1"));
        sessions.create(session("s2"));
        store.heartbeats(Map.of(new SessionId("s1"), LATER));
        store.heartbeats(Map.of(new SessionId("s1"), NOW.minusSeconds(1)));
        assertThat(sessions.find(new SessionId("s1")).orElseThrow().lastSeen()).isEqualTo(LATER_STORED);
        assertThat(sessions.find(new SessionId("s2")).orElseThrow().lastSeen()).isEqualTo(NOW);
    }

    @Test
    void no_heartbeats_are_fine() {
        store.heartbeats(Map.of());
        assertThat(store.load().revision()).isZero();
    }

    @Test
    void thousands_are_written_at_a_time() {
        List<Change> rows = new ArrayList<>();
        Map<SessionId, Instant> heard = new HashMap<>();
        for (int i = 0; i < 2500; i++) {
            rows.add(register(llm("llm-" + i, "s" + i)));
            heard.put(new SessionId("s" + i), LATER);
        }
        store.commit(rows, NOW);
        store.heartbeats(heard);
        assertThat(store.load().llms())
                .hasSize(2500)
                .extracting(Llm::lastHeartbeat)
                .containsOnly(LATER_STORED);
    }
}
