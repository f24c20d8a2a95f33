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
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A PostgreSQL that goes away, and comes back; a reply that is lost on its way. */
class PostgresFaultsTest {
    private Wire wire;
    private String direct;
    private Database database;
    private LlmStore store;

    @BeforeEach
    void open() throws Exception {
        direct = Engine.POSTGRESQL.url(Path.of("unused"));
        int port = Engine.postgres().getPort();
        wire = new Wire(port);
        database = Engine.POSTGRESQL.open(direct.replace(":" + port, ":" + wire.port()) + "?prepareThreshold=0");
        database.migrate();
        store = database.llms();
    }

    @AfterEach
    void close() throws Exception {
        database.close();
        wire.close();
    }

    @Test
    void while_the_database_is_gone_every_method_says_so_and_afterwards_all_is_well() throws Exception {
        Llm a = save(store, register(llm("a")));
        SessionId session = new SessionId("s1");
        wire.cut();
        List<Runnable> methods = List.of(
                () -> store.commit(List.of(register(llm("b"))), NOW),
                store::load,
                () -> store.heartbeats(Map.of(session, NOW)),
                () -> store.history(a.name(), Long.MAX_VALUE, 1),
                () -> store.eventsAfter(0, null, 1),
                store::compactedRevision,
                () -> store.compact(NOW),
                () -> database.sessions().find(session),
                () -> database.sessions().create(session("s1")),
                () -> database.sessions().advance(session, 1, "a", "1", "i", NOW),
                () -> database.sessions().purge(NOW));
        Crowd.run(methods.size(), i -> {
            assertUnavailable(methods.get(i));
            return i;
        });
        wire.mend();
        heals();
        assertThat(store.load().llms()).containsExactly(a);
        assertThat(save(store, register(llm("b"))).revision()).isEqualTo(2);
    }

    @Test
    void a_commit_whose_reply_is_lost_fails_and_a_load_tells_that_it_happened() {
        Llm a = save(store, register(llm("a")));
        wire.cutAfterCommit();
        assertUnavailable(() -> events(store, update(a, in(LlmState.LEFT, a)), register(llm("b"))));
        wire.mend();
        heals();
        LlmStore.Snapshot truth = store.load();
        assertThat(truth.revision()).isEqualTo(3);
        assertThat(truth.llms()).extracting(Llm::state).containsExactly(LlmState.LEFT, LlmState.ACTIVE);
        assertThatThrownBy(() -> events(store, update(a, in(LlmState.LEFT, a)), register(llm("b"))))
                .isInstanceOf(StaleException.class);
    }

    @Test
    void a_commit_that_is_lost_on_its_way_fails_and_a_load_tells_that_it_did_not_happen() {
        Llm a = save(store, register(llm("a")));
        wire.cutBeforeCommit();
        assertUnavailable(() -> events(store, update(a, in(LlmState.LEFT, a)), register(llm("b"))));
        wire.mend();
        heals();
        assertThat(store.load()).isEqualTo(new LlmStore.Snapshot(List.of(a), 1));
        assertThat(events(store, update(a, in(LlmState.LEFT, a)), register(llm("b"))))
                .hasSize(2);
    }

    @Test
    void a_row_that_somebody_holds_for_too_long_fails_the_commit_and_not_the_next() throws Exception {
        Llm a = save(store, register(llm("a")));
        try (Database impatient = Engine.POSTGRESQL.open(direct + "?options=-c%20statement_timeout=200");
                Connection holder = DriverManager.getConnection(direct, "postgres", "")) {
            holder.setAutoCommit(false);
            holder.createStatement().execute("SELECT * FROM llm FOR UPDATE");
            assertUnavailable(() -> save(impatient.llms(), update(a, in(LlmState.LEFT, a))));
            assertThat(save(impatient.llms(), register(llm("b"))).revision()).isEqualTo(2);
            holder.rollback();
            Llm left = save(impatient.llms(), update(a, in(LlmState.LEFT, a)));
            assertThat(find(store, "a")).isEqualTo(left);
        }
    }

    private static void assertUnavailable(Runnable work) {
        assertThatThrownBy(work::run)
                .isInstanceOf(StoreException.class)
                .hasMessageStartingWith("database: can't ")
                .hasMessageNotContainingAny("INSERT", "UPDATE", "SELECT");
    }

    private void heals() {
        await().atMost(30, TimeUnit.SECONDS).ignoreExceptions().until(() -> store.compactedRevision() == 0);
    }
}
