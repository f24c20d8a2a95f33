package dormouse.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.AuditEntry;
import dormouse.server.fleet.AuditStore;
import dormouse.server.fleet.Role;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.Token;
import dormouse.server.fleet.TokenStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link TokenStore} and {@link AuditStore}. */
@ParameterizedClass
@EnumSource(Engine.class)
class TokenStoreTest {
    private static final Instant NOON = Instant.parse("2026-11-28T12:00:00.123456Z");

    private final Engine engine;
    private Database database;
    private TokenStore store;
    private AuditStore audit;

    TokenStoreTest(Engine engine) {
        this.engine = engine;
    }

    @BeforeEach
    void open(@TempDir Path directory) {
        database = engine.create(directory);
        store = database.tokens();
        audit = database.audit();
    }

    @AfterEach
    void close() {
        database.close();
    }

    private static Token token(String id, @Nullable Instant expires, String... patterns) {
        String hash = id.repeat(64).substring(0, 64);
        return new Token(id, hash, "of " + id, Role.CLIENT, List.of(patterns), NOON, expires, null, false);
    }

    private static AuditEntry entry(String action, String subject) {
        return entry(action, subject, NOON);
    }

    private static AuditEntry entry(String action, String subject, Instant time) {
        return new AuditEntry(time, "admin-1", action, subject, "");
    }

    @Test
    void what_is_created_is_there_with_who_made_it() {
        Token a = token("a", null);
        Token b = token("b", NOON.plusSeconds(60), "team-a/*", "x");
        store.create(a, entry("token.create", "a"));
        store.create(b, entry("token.create", "b"));
        assertThat(store.tokens()).containsExactly(a, b);
        assertThat(audit.newest(10)).containsExactlyInAnyOrder(entry("token.create", "a"), entry("token.create", "b"));
    }

    @Test
    void an_id_or_a_hash_that_is_taken_is_refused_and_leaves_no_trace() {
        store.create(token("a", null), entry("token.create", "a"));
        assertThatThrownBy(() -> store.create(token("a", null), entry("token.create", "again")))
                .isInstanceOf(StaleException.class);
        Token sameHash = new Token("b", "a".repeat(64), "b", Role.ADMIN, List.of(), NOON, null, null, false);
        assertThatThrownBy(() -> store.create(sameHash, entry("token.create", "again")))
                .isInstanceOf(StaleException.class);
        assertThat(store.tokens()).hasSize(1);
        assertThat(audit.newest(10)).hasSize(1);
    }

    @Test
    void what_is_revoked_stays_so_and_is_told_once() {
        store.create(token("a", null), entry("token.create", "a"));
        assertThat(store.revoke("a", entry("token.revoke", "a"))).isTrue();
        assertThat(store.revoke("a", entry("token.revoke", "a"))).isTrue();
        assertThat(store.revoke("b", entry("token.revoke", "b"))).isFalse();
        assertThat(store.tokens()).extracting(Token::revoked).containsExactly(true);
        assertThat(audit.newest(10))
                .filteredOn(row -> row.action().equals("token.revoke"))
                .hasSize(1);
    }

    @Test
    void what_ended_long_ago_is_forgotten_unless_it_was_an_admins() {
        store.create(token("good", null), entry("token.create", "good"));
        store.create(token("lasts", NOON.plusSeconds(9)), entry("token.create", "lasts"));
        store.create(token("expired", NOON.plusSeconds(1)), entry("token.create", "expired"));
        store.create(token("revoked", null), entry("token.create", "revoked"));
        store.create(
                new Token("boss", "b".repeat(64), "boss", Role.ADMIN, List.of(), NOON, null, null, false),
                entry("token.create", "boss"));
        store.revoke("revoked", entry("token.revoke", "revoked"));
        store.revoke("boss", entry("token.revoke", "boss"));

        store.forget(NOON);
        assertThat(store.tokens()).hasSize(5);

        store.forget(NOON.plusSeconds(2));
        store.forget(NOON.plusSeconds(2));
        assertThat(store.tokens()).extracting(Token::id).containsExactlyInAnyOrder("good", "lasts", "boss");
    }

    @Test
    void the_last_use_never_goes_back() {
        store.create(token("a", null), entry("token.create", "a"));
        store.used(Map.of("a", NOON.plusSeconds(5), "gone", NOON));
        store.used(Map.of("a", NOON.plusSeconds(3)));
        store.used(Map.of());
        assertThat(store.tokens().get(0).lastUse()).isEqualTo(NOON.plusSeconds(5));
    }

    @Test
    void the_audit_is_read_newest_first_and_forgotten_by_time() {
        audit.record(List.of());
        for (int i = 0; i < 5; i++) {
            audit.record(List.of(entry("llm.wake", "qwen3 '\"\0 " + i, NOON.plusSeconds(i))));
        }
        assertThat(audit.newest(2))
                .extracting(row -> row.time())
                .containsExactly(NOON.plusSeconds(4), NOON.plusSeconds(3));
        audit.forget(NOON.plus(Duration.ofSeconds(3)));
        assertThat(audit.newest(9)).hasSize(2);
        audit.forget(NOON.plus(Duration.ofSeconds(3)));
        assertThat(audit.newest(9)).hasSize(2);
    }

    @Test
    void much_is_forgotten_in_slices_so_that_no_statement_takes_long(@TempDir Path directory) {
        List<String> operations = new CopyOnWriteArrayList<>();
        try (Database heard =
                Database.open(engine.url(directory), engine == Engine.POSTGRESQL ? "postgres" : "sa", "", operation -> {
                    operations.add(operation);
                    return () -> {};
                })) {
            heard.migrate();
            List<AuditEntry> entries = new ArrayList<>();
            for (int i = 0; i < 2500; i++) {
                entries.add(entry("llm.wake", "qwen3", NOON.plusMillis(i)));
            }
            heard.audit().record(entries);
            heard.audit().forget(NOON.plusMillis(2499));
            assertThat(heard.audit().newest(9)).hasSize(1);
        }
        assertThat(operations).filteredOn("forget the audit"::equals).hasSizeGreaterThanOrEqualTo(3);
    }
}
