package dormouse.server.store;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.Owner;
import dormouse.server.fleet.SessionId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/** An {@link Llm} in the columns that {@code llm} and {@code llm_event} have in common, both ways. */
final class LlmRow {
    static final String COLUMNS = """
            name, kind, state, reason, model, pool, concurrency, wakeable, sleepable, labels, max_wait_nanos,
            backend_type, owner_session, owner_agent, owner_principal, owner_epoch, owner_replica,
            create_time, update_time, last_heartbeat, inactive_since, before_state, revision
            """;
    static final String VALUES = """
            :name, :kind, :state, :reason, :model, :pool, :concurrency, :wakeable, :sleepable, :labels, :max_wait_nanos,
            :backend_type, :owner_session, :owner_agent, :owner_principal, :owner_epoch, :owner_replica,
            :create_time, :update_time, :last_heartbeat, :inactive_since, :before_state, :revision
            """;

    private LlmRow() {}

    static <S extends SqlStatement<S>> S bind(S statement, Llm llm) {
        LlmSpec spec = llm.spec();
        Owner owner = llm.owner();
        LlmState before = llm.before();
        return statement
                .bind("name", llm.name().value())
                .bind("kind", llm.kind().name())
                .bind("state", llm.state().name())
                .bind("reason", llm.reason())
                .bind("model", spec.model())
                .bind("pool", spec.pool())
                .bind("concurrency", spec.concurrency())
                .bind("wakeable", spec.wakeable())
                .bind("sleepable", spec.sleepable())
                .bind("labels", LabelsJson.write(spec.labels()))
                .bind("max_wait_nanos", spec.maxWait().toNanos())
                .bind("backend_type", spec.type())
                .bind("owner_session", owner == null ? null : owner.session().value())
                .bind("owner_agent", owner == null ? null : owner.agentName())
                .bind("owner_principal", owner == null ? null : owner.principal())
                .bindByType("owner_epoch", owner == null ? null : owner.epoch(), Long.class)
                .bind("owner_replica", owner == null ? null : owner.replica())
                .bindByType("create_time", llm.createTime(), Instant.class)
                .bindByType("update_time", llm.updateTime(), Instant.class)
                .bindByType("last_heartbeat", llm.lastHeartbeat(), Instant.class)
                .bindByType("inactive_since", llm.inactiveSince(), Instant.class)
                .bind("before_state", before == null ? null : before.name())
                .bind("revision", llm.revision());
    }

    static Llm read(ResultSet row) throws SQLException {
        String before = row.getString("before_state");
        return new Llm(
                new LlmName(row.getString("name")),
                LlmKind.valueOf(row.getString("kind")),
                LlmState.valueOf(row.getString("state")),
                row.getString("reason"),
                spec(row),
                owner(row),
                Times.get(row, "create_time"),
                Times.get(row, "update_time"),
                Times.getOrNull(row, "last_heartbeat"),
                Times.getOrNull(row, "inactive_since"),
                before == null ? null : LlmState.valueOf(before),
                row.getLong("revision"));
    }

    static LlmEvent readEvent(ResultSet row) throws SQLException {
        return new LlmEvent(
                row.getLong("event_revision"),
                LlmEventType.valueOf(row.getString("event_type")),
                read(row),
                row.getString("detail"),
                Times.get(row, "event_time"),
                row.getString("actor"));
    }

    static LlmSpec spec(ResultSet row) throws SQLException {
        return new LlmSpec(
                row.getString("model"),
                row.getString("pool"),
                row.getInt("concurrency"),
                row.getBoolean("wakeable"),
                row.getBoolean("sleepable"),
                LabelsJson.read(row.getString("labels")),
                Duration.ofNanos(row.getLong("max_wait_nanos")),
                row.getString("backend_type"));
    }

    private static @Nullable Owner owner(ResultSet row) throws SQLException {
        String session = row.getString("owner_session");
        return session == null
                ? null
                : new Owner(
                        new SessionId(session),
                        row.getString("owner_agent"),
                        row.getString("owner_principal"),
                        row.getLong("owner_epoch"),
                        row.getString("owner_replica"));
    }
}
