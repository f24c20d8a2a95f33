package dormouse.server.store;

import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * The work of one batch of heartbeats, inside its transaction. It comes to the rows in the database's order of their
 * names, as a {@link Commit} does: were it to go session by session, each could wait for what the other holds.
 */
final class Heartbeats {
    private static final String ROWS = """
            SELECT   name, owner_session
            FROM     llm
            WHERE    owner_session = ANY (:sessions)
            ORDER BY name
            """;
    private static final String HEARD = """
            UPDATE llm
            SET    last_heartbeat = :at
            WHERE  name           = :name
            AND    owner_session  = :session
            AND   (last_heartbeat < :at OR last_heartbeat IS NULL)
            """;
    private static final String SEEN = """
            UPDATE agent_session
            SET    last_seen = :at
            WHERE  id        = :session
            AND    last_seen < :at
            """;

    private Heartbeats() {}

    /** @param heard when each session was heard last */
    static void note(Handle handle, SortedMap<String, Instant> heard) {
        record Owned(String name, String session) {}
        List<Owned> rows = handle.createQuery(ROWS)
                .bindArray("sessions", String.class, List.copyOf(heard.keySet()))
                .map((row, context) -> new Owned(row.getString("name"), row.getString("owner_session")))
                .list();
        if (!rows.isEmpty()) {
            PreparedBatch batch = handle.prepareBatch(HEARD);
            rows.forEach(row -> batch.bind("name", row.name)
                    .bind("session", row.session)
                    .bind("at", heard.get(row.session))
                    .add());
            batch.execute();
        }
        PreparedBatch batch = handle.prepareBatch(SEEN);
        heard.forEach(
                (session, at) -> batch.bind("session", session).bind("at", at).add());
        batch.execute();
    }
}
