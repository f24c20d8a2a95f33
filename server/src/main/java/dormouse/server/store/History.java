package dormouse.server.store;

import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** What is asked of the table {@code llm_event}, and how it is kept short. */
final class History {
    private static final String NEWEST = """
            SELECT   *
            FROM     llm_event
            WHERE    name           = :name
            AND      event_revision < :before
            ORDER BY event_revision DESC
            FETCH FIRST :limit ROWS ONLY
            """;
    private static final String AFTER = """
            SELECT   *
            FROM     llm_event
            WHERE    event_revision > :after
            ORDER BY event_revision
            FETCH FIRST :limit ROWS ONLY
            """;
    private static final String AFTER_OF_ONE = """
            SELECT   *
            FROM     llm_event
            WHERE    name           = :name
            AND      event_revision > :after
            ORDER BY event_revision
            FETCH FIRST :limit ROWS ONLY
            """;
    private static final String OLDEST = """
            SELECT MAX(event_revision)
            FROM   (SELECT   event_revision
                    FROM     llm_event
                    WHERE    event_time < :before
                    ORDER BY event_revision
                    FETCH FIRST :limit ROWS ONLY) oldest
            """;
    private static final String FORGET = """
            DELETE FROM llm_event
            WHERE  event_revision <= :revision
            AND    event_time      < :before
            """;

    private History() {}

    static List<LlmEvent> newest(Handle handle, LlmName name, long before, int limit) {
        return events(handle.createQuery(NEWEST)
                .bind("name", name.value())
                .bind("before", before)
                .bind("limit", limit));
    }

    static List<LlmEvent> after(Handle handle, long revision, @Nullable LlmName name, int limit) {
        Query query = name == null
                ? handle.createQuery(AFTER)
                : handle.createQuery(AFTER_OF_ONE).bind("name", name.value());
        return events(query.bind("after", revision).bind("limit", limit));
    }

    /**
     * Forgets the {@code limit} oldest of the events before a time.
     *
     * @return whether there was one
     */
    static boolean forget(Handle handle, Instant before, int limit) {
        Optional<Long> last = handle.createQuery(OLDEST)
                .bind("before", before)
                .bind("limit", limit)
                .mapTo(Long.class)
                .findOne();
        last.ifPresent(revision -> {
            Revisions.raise(handle, Revisions.COMPACTED, revision);
            handle.createUpdate(FORGET)
                    .bind("revision", revision)
                    .bind("before", before)
                    .execute();
        });
        return last.isPresent();
    }

    private static List<LlmEvent> events(Query query) {
        return query.map((row, context) -> LlmRow.readEvent(row)).list();
    }
}
