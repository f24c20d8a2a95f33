package dormouse.server.store;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.StaleException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/**
 * The work of one commit, inside its transaction: rows, history and revisions of all changes. It waits for its rows
 * before it takes its revisions, since from then on every other commit waits for this one.
 */
final class Commit {
    private static final String LOCK = """
            SELECT   name
            FROM     llm
            WHERE    name = ANY (:names)
            ORDER BY name
            FOR UPDATE
            """;
    private static final String DELETE = """
            DELETE FROM llm
            WHERE  name     = :name
            AND    revision = :expected
            """;
    private static final String UPDATE = """
            UPDATE llm
            SET    kind            = :kind,
                   state           = :state,
                   reason          = :reason,
                   model           = :model,
                   pool            = :pool,
                   concurrency     = :concurrency,
                   wakeable        = :wakeable,
                   sleepable       = :sleepable,
                   labels          = :labels,
                   max_wait_nanos  = :max_wait_nanos,
                   backend_type    = :backend_type,
                   owner_session   = :owner_session,
                   owner_agent     = :owner_agent,
                   owner_principal = :owner_principal,
                   owner_epoch     = :owner_epoch,
                   owner_replica   = :owner_replica,
                   create_time     = :create_time,
                   update_time     = :update_time,
                   last_heartbeat  = :last_heartbeat,
                   inactive_since  = :inactive_since,
                   before_state    = :before_state,
                   revision        = :revision
            WHERE  name     = :name
            AND    revision = :expected
            """;
    private static final String INSERT = """
            INSERT INTO llm (%s)
            VALUES          (%s)
            """.formatted(LlmRow.COLUMNS, LlmRow.VALUES);
    private static final String TELL = """
            INSERT INTO llm_event ( event_revision,  event_type,  event_time,  detail,  actor, %s)
            VALUES                (:event_revision, :event_type, :event_time, :detail, :actor, %s)
            """.formatted(LlmRow.COLUMNS, LlmRow.VALUES);

    private final Handle handle;
    private final Instant now;

    Commit(Handle handle, Instant now) {
        this.handle = handle;
        this.now = Storable.time(now);
    }

    /** @throws StaleException where a change's {@code before} is not what the table has */
    List<LlmEvent> run(List<Change> changes) {
        lock(changes);
        long revision = Revisions.take(handle, changes.size());
        List<Numbered> numbered = new ArrayList<>();
        for (Change change : changes) {
            numbered.add(Numbered.of(change, revision++));
        }
        // Deletions first: a name can be deleted and given anew in one commit.
        save(numbered.stream().filter(n -> n.after == null).toList(), DELETE);
        save(numbered.stream().filter(n -> n.before != null && n.after != null).toList(), UPDATE);
        insert(numbered.stream().filter(n -> n.before == null).toList());
        Declarations.save(
                handle,
                changes.stream()
                        .map(Change::declaration)
                        .filter(Objects::nonNull)
                        .toList());
        return tell(numbered);
    }

    /** A change with its revision; what is after it as a database can hold it. */
    private record Numbered(
            long revision, @Nullable Llm before, @Nullable Llm after, Change change) {
        static Numbered of(Change change, long revision) {
            Llm after = change.after();
            return new Numbered(
                    revision,
                    change.before(),
                    after == null ? null : Storable.llm(after).atRevision(revision),
                    change);
        }

        String name() {
            return change.subject().name().value();
        }

        /** What the history shows. */
        Llm subject() {
            return after == null ? Storable.llm(change.subject()) : after;
        }
    }

    private void lock(List<Change> changes) {
        List<String> names = changes.stream()
                .filter(change -> change.before() != null)
                .map(change -> change.subject().name().value())
                .toList();
        if (!names.isEmpty()) {
            handle.createQuery(LOCK)
                    .bindArray("names", String.class, names)
                    .mapTo(String.class)
                    .list();
        }
    }

    private void save(List<Numbered> changes, String sql) {
        if (changes.isEmpty()) {
            return;
        }
        PreparedBatch batch = handle.prepareBatch(sql);
        for (Numbered change : changes) {
            Llm before = Objects.requireNonNull(change.before);
            batch.bind("expected", before.revision());
            if (change.after == null) {
                batch.bind("name", change.name());
            } else {
                LlmRow.bind(batch, change.after.stored());
            }
            batch.add();
        }
        int[] hits = batch.execute();
        for (int i = 0; i < hits.length; i++) {
            if (hits[i] != 1) {
                throw new StaleException("llm=" + changes.get(i).name() + " has changed since it was read");
            }
        }
    }

    private void insert(List<Numbered> changes) {
        if (changes.isEmpty()) {
            return;
        }
        PreparedBatch batch = handle.prepareBatch(INSERT);
        for (Numbered change : changes) {
            LlmRow.bind(batch, Objects.requireNonNull(change.after).stored()).add();
        }
        String names = String.join(", ", changes.stream().map(Numbered::name).toList());
        Transactions.inserting("llm=" + names, batch::execute);
    }

    private List<LlmEvent> tell(List<Numbered> changes) {
        List<LlmEvent> events = new ArrayList<>();
        PreparedBatch batch = handle.prepareBatch(TELL);
        for (Numbered numbered : changes) {
            Change change = numbered.change;
            LlmEvent event = new LlmEvent(
                    numbered.revision,
                    change.type(),
                    numbered.subject(),
                    Storable.text(change.detail()),
                    now,
                    change.actor());
            events.add(event);
            LlmRow.bind(batch, event.llm())
                    .bind("event_revision", event.revision())
                    .bind("event_type", event.type().name())
                    .bind("event_time", event.time())
                    .bind("detail", event.detail())
                    .bind("actor", event.actor())
                    .add();
        }
        batch.execute();
        return events;
    }
}
