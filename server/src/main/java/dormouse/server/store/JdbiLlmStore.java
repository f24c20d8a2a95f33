package dormouse.server.store;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Rows in the table {@code llm}, their history in {@code llm_event}, what is declared in {@code public_llm}. Any thread; blocks. */
final class JdbiLlmStore implements LlmStore {
    /** How many sessions' heartbeats, or events to forget, are one transaction: none holds its locks for long. */
    private static final int SLICE = 1000;

    /** One statement, so that the rows and the revision are of one moment. */
    private static final String LOAD = """
            SELECT    llm.*, latest.revision AS latest_revision
            FROM      fleet_revision latest
            LEFT JOIN llm ON TRUE
            WHERE     latest.counter = 'latest'
            """;

    private final Transactions transactions;

    JdbiLlmStore(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public Snapshot load() {
        return transactions.statement(
                "load the Llms",
                handle -> handle.createQuery(LOAD).scanResultSet((rows, context) -> snapshot(rows.get())));
    }

    @Override
    public List<LlmEvent> commit(List<Change> changes, Instant now) {
        return changes.isEmpty()
                ? List.of()
                : transactions.transaction("commit", handle -> new Commit(handle, now).run(changes));
    }

    @Override
    public List<Declaration> declarations() {
        return transactions.statement("read what is declared", Declarations::all);
    }

    @Override
    public void heartbeats(Map<SessionId, Instant> heard) {
        SortedMap<String, Instant> slice = new TreeMap<>();
        for (var entry : heard.entrySet()) {
            slice.put(Storable.text(entry.getKey().value()), entry.getValue());
            if (slice.size() == SLICE) {
                note(slice);
                slice.clear();
            }
        }
        if (!slice.isEmpty()) {
            note(slice);
        }
    }

    private void note(SortedMap<String, Instant> heard) {
        transactions.transaction("note heartbeats", handle -> {
            Heartbeats.note(handle, heard);
            return heard.size();
        });
    }

    @Override
    public List<LlmEvent> history(LlmName name, long before, int limit) {
        return transactions.statement("read the history", handle -> History.newest(handle, name, before, limit));
    }

    @Override
    public List<LlmEvent> eventsAfter(long revision, @Nullable LlmName name, int limit) {
        return transactions.statement("read the history", handle -> History.after(handle, revision, name, limit));
    }

    @Override
    public long compactedRevision() {
        return transactions.statement("read a revision", handle -> Revisions.read(handle, Revisions.COMPACTED));
    }

    @Override
    public void compact(Instant before) {
        boolean more = true;
        while (more) {
            more = transactions.transaction("compact the history", handle -> History.forget(handle, before, SLICE));
        }
    }

    private static Snapshot snapshot(ResultSet rows) throws SQLException {
        List<Llm> llms = new ArrayList<>();
        long revision = 0;
        while (rows.next()) {
            revision = rows.getLong("latest_revision");
            if (rows.getString("name") != null) {
                llms.add(LlmRow.read(rows));
            }
        }
        llms.sort(Comparator.comparing(Llm::name));
        return new Snapshot(llms, revision);
    }
}
