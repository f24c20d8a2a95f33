package dormouse.server.store;

import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Sessions in the table {@code agent_session}. Any thread; blocks. */
final class JdbiSessionStore implements SessionStore {
    private static final String FIND = """
            SELECT *
            FROM   agent_session
            WHERE  id = :id
            """;
    private static final String AFTER = """
            SELECT   *
            FROM     agent_session
            WHERE    id > :after
            ORDER BY id
            FETCH FIRST :limit ROWS ONLY
            """;
    private static final String CREATE = """
            INSERT INTO agent_session ( id,  token_hash,  epoch,  agent_name,  agent_version,
                                        principal,  instance_id,  create_time,  last_seen)
            VALUES                    (:id, :token_hash, :epoch, :agent_name, :agent_version,
                                       :principal, :instance_id, :create_time, :last_seen)
            """;
    private static final String ADVANCE = """
            UPDATE agent_session
            SET    epoch         = epoch + 1,
                   agent_name    = :agent_name,
                   agent_version = :agent_version,
                   instance_id   = :instance_id,
                   last_seen     = :now
            WHERE  id    = :id
            AND    epoch = :expected
            """;
    private static final String PURGE = """
            DELETE FROM agent_session
            WHERE  last_seen < :before
            AND    NOT EXISTS (SELECT 1 FROM llm WHERE llm.owner_session = agent_session.id)
            """;

    private final Transactions transactions;

    JdbiSessionStore(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public Optional<Session> find(SessionId id) {
        return transactions.statement(
                "find a session",
                handle -> handle.createQuery(FIND)
                        .bind("id", id.value())
                        .map((row, context) -> read(row))
                        .findOne());
    }

    @Override
    public List<Session> after(String id, int limit) {
        return transactions.statement(
                "list the sessions",
                handle -> handle.createQuery(AFTER)
                        .bind("after", id)
                        .bind("limit", limit)
                        .map((row, context) -> read(row))
                        .list());
    }

    @Override
    public void create(Session session) {
        transactions.statement("create a session", handle -> {
            var insert = handle.createUpdate(CREATE)
                    .bind("id", session.id().value())
                    .bind("token_hash", session.tokenHash())
                    .bind("epoch", session.epoch())
                    .bind("agent_name", session.agentName())
                    .bind("agent_version", session.agentVersion())
                    .bind("principal", session.principal())
                    .bind("instance_id", session.instanceId())
                    .bind("create_time", session.createTime())
                    .bind("last_seen", session.lastSeen());
            Transactions.inserting("session=" + session.id(), insert::execute);
            return session;
        });
    }

    @Override
    public boolean advance(
            SessionId id, long expected, String agentName, String agentVersion, String instanceId, Instant now) {
        return transactions.statement(
                "advance a session",
                handle -> handle.createUpdate(ADVANCE)
                                .bind("id", id.value())
                                .bind("expected", expected)
                                .bind("agent_name", agentName)
                                .bind("agent_version", agentVersion)
                                .bind("instance_id", instanceId)
                                .bind("now", now)
                                .execute()
                        == 1);
    }

    @Override
    public void purge(Instant before) {
        transactions.statement(
                "purge sessions",
                handle -> handle.createUpdate(PURGE).bind("before", before).execute());
    }

    private static Session read(ResultSet row) throws SQLException {
        return new Session(
                new SessionId(row.getString("id")),
                row.getString("token_hash"),
                row.getLong("epoch"),
                row.getString("agent_name"),
                row.getString("agent_version"),
                row.getString("principal"),
                row.getString("instance_id"),
                Times.get(row, "create_time"),
                Times.get(row, "last_seen"));
    }
}
