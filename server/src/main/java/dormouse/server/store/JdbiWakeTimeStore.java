package dormouse.server.store;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.WakeTime;
import dormouse.server.fleet.WakeTimeStore;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.PreparedBatch;

/** How long wakes take, in the table {@code wake_time}: a row for each Llm. Any thread; blocks. */
final class JdbiWakeTimeStore implements WakeTimeStore {
    private static final String FORGET = """
            DELETE FROM wake_time
            WHERE  name = ANY (:names)
            """;
    private static final String NOTE = """
            INSERT INTO wake_time ( name,  session,  took_millis)
            VALUES                (:name, :session, :took_millis)
            """;

    private final Transactions transactions;

    JdbiWakeTimeStore(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public Map<LlmName, Learnt> load() {
        return transactions.statement(
                "load how long wakes take",
                handle -> handle.createQuery("SELECT * FROM wake_time")
                        .map((row, context) -> Map.entry(
                                new LlmName(row.getString("name")),
                                new Learnt(new SessionId(row.getString("session")), time(row))))
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    @Override
    public void save(Map<LlmName, Learnt> learnt, Set<LlmName> gone) {
        List<String> names = Stream.concat(learnt.keySet().stream(), gone.stream())
                .map(LlmName::value)
                .sorted() // the locks in one order, whoever comes
                .toList();
        transactions.transaction("note how long wakes take", handle -> {
            handle.createUpdate(FORGET).bindArray("names", String.class, names).execute();
            if (!learnt.isEmpty()) {
                PreparedBatch batch = handle.prepareBatch(NOTE);
                learnt.forEach((name, known) -> batch.bind("name", name.value())
                        .bind("session", known.session().value())
                        .bindArray("took_millis", Long.class, millis(known.time()))
                        .add());
                batch.execute();
            }
            return names;
        });
    }

    private static List<Long> millis(WakeTime time) {
        return time.last().stream().map(Duration::toMillis).toList();
    }

    private static WakeTime time(ResultSet row) throws SQLException {
        Array took = row.getArray("took_millis");
        return new WakeTime(Arrays.stream((Object[]) took.getArray())
                .map(millis -> Duration.ofMillis((Long) millis))
                .toList());
    }
}
