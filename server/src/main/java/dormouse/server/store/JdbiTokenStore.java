package dormouse.server.store;

import dormouse.server.fleet.AuditEntry;
import dormouse.server.fleet.Role;
import dormouse.server.fleet.Token;
import dormouse.server.fleet.TokenStore;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Credentials in the table {@code token}, each change with its row of {@code audit}. Any thread; blocks. */
final class JdbiTokenStore implements TokenStore {
    private static final String ALL = """
            SELECT   *
            FROM     token
            ORDER BY create_time, id
            """;
    private static final String CREATE = """
            INSERT INTO token ( id,  hash,  name,  role,  patterns,  create_time,  expire_time)
            VALUES            (:id, :hash, :name, :role, :patterns, :create_time, :expire_time)
            """;
    private static final String REVOKE = """
            UPDATE token
            SET    revoke_time = :now
            WHERE  id = :id
            AND    revoke_time IS NULL
            """;
    private static final String COUNT = """
            SELECT COUNT(*)
            FROM   token
            WHERE  id = :id
            """;
    private static final String USED = """
            UPDATE token
            SET    last_use = :last_use
            WHERE  id = :id
            AND    (last_use IS NULL OR last_use < :last_use)
            """;

    private static final String FORGET = """
            DELETE FROM token
            WHERE  role <> 'ADMIN'
            AND    (expire_time < :before OR revoke_time < :before)
            """;

    private final Transactions transactions;

    JdbiTokenStore(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public List<Token> tokens() {
        return transactions.statement(
                "read the tokens",
                handle ->
                        handle.createQuery(ALL).map((row, context) -> read(row)).list());
    }

    @Override
    public void create(Token token, AuditEntry entry) {
        transactions.transaction("create a token", handle -> {
            var insert = handle.createUpdate(CREATE)
                    .bind("id", token.id())
                    .bind("hash", token.hash())
                    .bind("name", token.name())
                    .bind("role", token.role().name())
                    .bind("patterns", String.join(" ", token.patterns()))
                    .bind("create_time", token.createTime())
                    .bindByType("expire_time", token.expireTime(), Instant.class);
            Transactions.inserting("token=" + token.id(), insert::execute);
            JdbiAuditStore.insert(handle, List.of(entry));
            return token;
        });
    }

    @Override
    public boolean revoke(String id, AuditEntry entry) {
        return transactions.transaction("revoke a token", handle -> {
            boolean now = handle.createUpdate(REVOKE)
                            .bind("id", id)
                            .bind("now", entry.time())
                            .execute()
                    == 1;
            if (now) {
                JdbiAuditStore.insert(handle, List.of(entry));
            }
            return now
                    || handle.createQuery(COUNT)
                                    .bind("id", id)
                                    .mapTo(Integer.class)
                                    .one()
                            == 1;
        });
    }

    @Override
    public void used(Map<String, Instant> times) {
        if (!times.isEmpty()) {
            transactions.transaction("write the use of tokens", handle -> {
                PreparedBatch batch = handle.prepareBatch(USED);
                times.forEach((id, time) ->
                        batch.bind("id", id).bind("last_use", time).add());
                return batch.execute();
            });
        }
    }

    @Override
    public void forget(Instant before) {
        transactions.statement(
                "forget tokens",
                handle -> handle.createUpdate(FORGET).bind("before", before).execute());
    }

    private static Token read(ResultSet row) throws SQLException {
        String patterns = row.getString("patterns");
        return new Token(
                row.getString("id"),
                row.getString("hash"),
                row.getString("name"),
                Role.valueOf(row.getString("role")),
                patterns.isEmpty() ? List.of() : List.of(patterns.split(" ")),
                Times.get(row, "create_time"),
                Times.getOrNull(row, "expire_time"),
                Times.getOrNull(row, "last_use"),
                Times.getOrNull(row, "revoke_time") != null);
    }
}
