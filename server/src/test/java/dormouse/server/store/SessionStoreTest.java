package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.events;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static dormouse.server.store.Rows.session;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.SessionStore.Session;
import dormouse.server.fleet.StaleException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link SessionStore}. */
@ParameterizedClass
@EnumSource(Engine.class)
class SessionStoreTest {
    private static final SessionId S1 = new SessionId("s1");

    private final Engine engine;
    private Database database;
    private SessionStore sessions;

    SessionStoreTest(Engine engine) {
        this.engine = engine;
    }

    @BeforeEach
    void open(@TempDir Path directory) {
        database = engine.create(directory);
        sessions = database.sessions();
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void what_is_created_is_found() {
        Session session = session("s1");
        sessions.create(session);
        assertThat(sessions.find(S1)).contains(session);
        assertThat(sessions.find(new SessionId("s2"))).isEmpty();
    }

    @Test
    void sessions_come_in_order_of_their_ids() {
        for (String id : List.of("s3", "s1", "s2")) {
            sessions.create(session(id));
        }
        assertThat(sessions.after("", 2)).containsExactly(session("s1"), session("s2"));
        assertThat(sessions.after("s2", 2)).containsExactly(session("s3"));
        assertThat(sessions.after("s3", 2)).isEmpty();
    }

    @Test
    void an_id_that_no_database_can_hold_is_none() {
        assertThatThrownBy(() -> new SessionId("s1\0")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void an_id_is_given_once() {
        sessions.create(session("s1"));
        assertThatThrownBy(() -> sessions.create(session("s1")))
                .isInstanceOf(StaleException.class)
                .hasMessageContaining("s1");
    }

    @Test
    void each_stream_gets_the_next_epoch() {
        sessions.create(session("s1"));
        Instant now = NOW.plusSeconds(5);
        assertThat(sessions.advance(S1, 1, "ana’s laptop", "2.0", "instance-2", now))
                .isTrue();
        Session created = session("s1");
        assertThat(sessions.find(S1))
                .contains(new Session(
                        S1,
                        created.tokenHash(),
                        2,
                        "ana’s laptop",
                        "2.0",
                        created.principal(),
                        "instance-2",
                        created.createTime(),
                        now));
    }

    @Test
    void an_epoch_that_is_past_is_not_advanced() {
        sessions.create(session("s1"));
        assertThat(sessions.advance(S1, 1, "a", "1", "i", NOW)).isTrue();
        assertThat(sessions.advance(S1, 1, "b", "1", "i", NOW)).isFalse();
        assertThat(sessions.advance(S1, 3, "b", "1", "i", NOW)).isFalse();
        assertThat(sessions.advance(new SessionId("gone"), 1, "b", "1", "i", NOW))
                .isFalse();
        assertThat(sessions.find(S1)).map(Session::epoch).contains(2L);
    }

    @Test
    void old_sessions_are_purged_except_those_that_own_a_row() {
        sessions.create(session("owner"));
        sessions.create(session("old"));
        events(database.llms(), register(llm("a", "owner")));
        sessions.purge(NOW);
        assertThat(sessions.find(new SessionId("old"))).isPresent();
        for (int twice = 0; twice < 2; twice++) {
            sessions.purge(NOW.plusSeconds(1));
            assertThat(sessions.find(new SessionId("old"))).isEmpty();
            assertThat(sessions.find(new SessionId("owner"))).isPresent();
        }
    }
}
