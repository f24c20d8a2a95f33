package dormouse.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.AuditEntry;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Role;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.Token;
import dormouse.server.fleet.TokenStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Credentials in the memory of two replicas that share a table. */
class TokensTest {
    private static final Instant NOON = Instant.parse("2026-11-28T12:00:00Z");
    private static final AuthConfig CONFIG =
            new AuthConfig(AuthConfig.Mode.TOKEN, false, Duration.ofDays(1), 10, 0, null);

    private final Table table = new Table();
    private final Tokens here = new Tokens(table, CONFIG, new Random(1));
    private final Tokens there = new Tokens(table, CONFIG, new Random(2));

    /** The rows, and how often they were asked for. */
    private static final class Table implements TokenStore {
        final List<Token> rows = new ArrayList<>();
        final List<AuditEntry> audit = new ArrayList<>();
        int reads;

        @Override
        public List<Token> tokens() {
            reads++;
            return List.copyOf(rows);
        }

        @Override
        public void create(Token token, AuditEntry entry) {
            if (rows.stream()
                    .anyMatch(row -> row.id().equals(token.id()) || row.hash().equals(token.hash()))) {
                throw new StaleException(token.id());
            }
            rows.add(token);
            audit.add(entry);
        }

        @Override
        public boolean revoke(String id, AuditEntry entry) {
            boolean known = rows.removeIf(row -> row.id().equals(id));
            audit.add(entry);
            return known;
        }

        @Override
        public void used(Map<String, Instant> times) {
            rows.replaceAll(row -> times.containsKey(row.id()) ? row.usedAt(times.get(row.id())) : row);
        }

        @Override
        public void forget(Instant before) {}
    }

    private static final class NoAudit implements dormouse.server.fleet.AuditStore {
        @Override
        public void record(List<AuditEntry> entries) {}

        @Override
        public List<AuditEntry> newest(int limit) {
            return List.of();
        }

        @Override
        public void forget(Instant before) {}
    }

    private Tokens.Made made(Role role, String... patterns) {
        return here.create(Caller.ANYONE, "test", role, List.of(patterns), null, NOON, 0);
    }

    private static Gate.Answer enter(Tokens tokens, String secret, Right right) {
        Audit audit = new Audit(new NoAudit(), Runnable::run, 0);
        return new Gate(CONFIG, tokens, audit).enter(secret, right, "127.0.0.1", NOON, 0);
    }

    private static Reason refusal(Gate.Answer answer) {
        return ((Gate.Out) answer).why().reason();
    }

    @Test
    void whatOneReplicaMakesOrRevokesTheOtherKnowsWhenItHasRead() {
        Tokens.Made token = made(Role.CLIENT);
        assertThat(refusal(enter(there, token.secret(), Right.USE))).isEqualTo(Reason.UNAUTHENTICATED);
        there.read(NOON, 0);
        List<Failure> ended = new ArrayList<>();
        Visit visit = ((Gate.In) enter(there, token.secret(), Right.USE)).visit();
        visit.whenEnded(ended::add);

        here.revoke(Caller.ANYONE, token.token().id(), NOON);
        assertThat(ended).isEmpty();
        there.read(NOON, 0);
        there.read(NOON, 0);

        assertThat(ended).extracting(Failure::reason).containsExactly(Reason.UNAUTHENTICATED);
        assertThat(refusal(enter(there, token.secret(), Right.USE))).isEqualTo(Reason.UNAUTHENTICATED);
        visit.close();
        assertThat(there.visits()).isZero();
    }

    @Test
    void noCallAsksTheTable() {
        Tokens.Made token = made(Role.CLIENT);
        int before = table.reads;
        for (int i = 0; i < 100; i++) {
            ((Gate.In) enter(here, token.secret(), Right.USE)).visit().close();
            enter(here, "dmt_" + "x".repeat(43), Right.USE);
        }
        assertThat(table.reads).isEqualTo(before);
    }

    @Test
    void oneThatIsRevokedWhileACallComesInEndsItAllTheSame() {
        Tokens.Made token = made(Role.CLIENT);
        Visit visit = ((Gate.In) enter(here, token.secret(), Right.USE)).visit();
        here.revoke(Caller.ANYONE, token.token().id(), NOON);
        List<Failure> ended = new ArrayList<>();
        visit.whenEnded(ended::add);
        assertThat(ended).hasSize(1);
        visit.close();
        visit.close();
        here.revoke(Caller.ANYONE, token.token().id(), NOON);
        assertThat(ended).hasSize(1);
    }

    @Test
    void twoReplicasThatStartTogetherMakeOneAdmin() {
        String first = here.ensureAdmin(null, NOON, 0);
        String second = there.ensureAdmin(null, NOON, 0);
        assertThat(first).isNotNull();
        assertThat(second).isNull();
        assertThat(table.rows).hasSize(1);
        assertThat(enter(there, String.valueOf(first), Right.ADMINISTER)).isInstanceOf(Gate.In.class);
    }

    @Test
    void whatIsAskedOfANewTokenIsChecked() {
        assertThatThrownBy(() -> here.create(Caller.ANYONE, " ", Role.CLIENT, List.of(), null, NOON, 0))
                .hasMessageStartingWith("name: ");
        assertThatThrownBy(() -> here.create(Caller.ANYONE, "a\nb", Role.CLIENT, List.of(), null, NOON, 0))
                .hasMessageStartingWith("name: ");
        assertThatThrownBy(() -> here.create(Caller.ANYONE, "x", null, List.of(), null, NOON, 0))
                .hasMessageStartingWith("role: ");
        assertThatThrownBy(() -> here.create(Caller.ANYONE, "x", Role.ADMIN, List.of("a*"), null, NOON, 0))
                .hasMessageStartingWith("llm_patterns: ");
        assertThatThrownBy(() -> here.create(Caller.ANYONE, "x", Role.AGENT, List.of("a b"), null, NOON, 0))
                .hasMessageStartingWith("llm_patterns: ");
        assertThatThrownBy(() -> here.create(Caller.ANYONE, "x", Role.AGENT, List.of(), Duration.ZERO, NOON, 0))
                .hasMessageStartingWith("ttl: ");
        assertThat(table.rows).isEmpty();
        assertThat(table.audit).isEmpty();
    }

    @Test
    void theTableHasTheHashOfTheSecretAndNoneHasTheSecret() {
        Tokens.Made token = made(Role.AGENT, "a*");
        assertThat(token.secret()).matches("dmt_[A-Za-z0-9_-]{43}");
        assertThat(table.rows.toString() + table.audit + token).doesNotContain(token.secret());
        assertThat(token.token().hash()).isEqualTo(Secrets.hash(token.secret())).hasSize(64);
        assertThat(made(Role.AGENT).secret()).isNotEqualTo(token.secret());
    }

    @Test
    void whenOneWasUsedIsWrittenNowAndThen() {
        Tokens.Made token = made(Role.CLIENT);
        enter(here, token.secret(), Right.USE);
        assertThat(table.rows.get(0).lastUse()).isNull();
        assertThat(here.list().get(0).lastUse()).isEqualTo(NOON);
        here.writeUse();
        assertThat(table.rows.get(0).lastUse()).isEqualTo(NOON);
    }
}
