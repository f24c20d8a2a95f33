package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.SPEC;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.save;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.Declaration.Origin;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.StaleException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link LlmStore}: what the operator declares. */
@ParameterizedClass
@EnumSource(Engine.class)
class DeclarationsTest {
    private final Engine engine;
    private Database database;
    private LlmStore store;

    DeclarationsTest(Engine engine) {
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

    private static Declaration said(String name, @Nullable String keyEnv, @Nullable String keyFile, Origin origin) {
        return new Declaration(new LlmName(name), SPEC, "http://localhost:1/" + name, keyEnv, keyFile, origin);
    }

    private static Declaration said(String name) {
        return said(name, "DORMOUSE_KEY_A", null, Origin.CREATED);
    }

    private static Llm row(String name) {
        return new Llm(
                new LlmName(name), LlmKind.PUBLIC, LlmState.ACTIVE, "", SPEC, null, NOW, NOW, null, null, null, 0);
    }

    private static Change declare(Declaration said) {
        return new Change(null, row(said.name().value()), LlmEventType.REGISTERED, "declared").with(said);
    }

    @Test
    void what_is_declared_is_found_by_name_with_every_field() {
        Declaration file = said("b", null, "/run/keys/b", Origin.FILE);
        Declaration none = said("c", null, null, Origin.CREATED);
        store.commit(List.of(declare(none), declare(file), declare(said("a"))), NOW);
        assertThat(store.declarations()).containsExactly(said("a"), file, none);
    }

    @Test
    void at_first_nothing_is_declared_and_a_row_alone_declares_nothing() {
        save(store, new Change(null, row("a"), LlmEventType.REGISTERED, "declared"));
        save(store, Rows.register(llm("v")));
        assertThat(store.declarations()).isEmpty();
    }

    @Test
    void it_is_replaced_by_what_is_declared_later_and_stays_when_only_the_row_changes() {
        Llm before = save(store, declare(said("a")));
        Declaration other = said("a", null, null, Origin.FILE);
        Llm changed = save(store, new Change(before, before, LlmEventType.UPDATED, "anew").with(other));
        assertThat(store.declarations()).containsExactly(other);
        save(store, new Change(changed, changed, LlmEventType.BACKEND_DOWN, "down"));
        assertThat(store.declarations()).containsExactly(other);
    }

    @Test
    void it_goes_with_its_row_and_with_no_other() {
        Llm a = save(store, declare(said("a")));
        save(store, declare(said("b")));
        save(store, Rows.delete(a));
        assertThat(store.declarations()).containsExactly(said("b"));
        save(store, declare(said("a", null, null, Origin.FILE)));
        assertThat(store.declarations()).hasSize(2);
    }

    @Test
    void an_agents_row_becomes_the_operators() {
        Llm virtual = save(store, Rows.register(llm("a")));
        Llm taken = new Llm(
                virtual.name(),
                LlmKind.PUBLIC,
                LlmState.ACTIVE,
                "",
                SPEC,
                null,
                virtual.createTime(),
                NOW,
                null,
                null,
                null,
                virtual.revision());
        Llm found = save(store, new Change(virtual, taken, LlmEventType.ADOPTED, "taken over").with(said("a")));
        assertThat(store.declarations()).containsExactly(said("a"));
        assertThat(store.load().llms()).containsExactly(found);
    }

    @Test
    void where_a_commit_fails_nothing_of_it_is_declared() {
        save(store, declare(said("a")));
        Declaration other = said("a", null, null, Origin.FILE);
        assertThatThrownBy(() -> store.commit(List.of(declare(said("b")), declare(other)), NOW))
                .isInstanceOf(StaleException.class);
        assertThat(store.declarations()).containsExactly(said("a"));
    }
}
