package dormouse.server.store;

import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskRecord;
import dormouse.server.fleet.UsageKey;
import dormouse.server.fleet.UsageQuery;
import dormouse.server.fleet.UsageStore;
import dormouse.server.fleet.UsageSum;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;

/** Usage in the table {@code task_usage}, a row a task. Any thread; blocks. */
final class JdbiUsageStore implements UsageStore {
    /** How many rows are forgotten in one transaction: none holds its locks for long. */
    private static final int FORGOTTEN = 1000;

    /** How many rows are summed up by one statement, so that none is ended for taking too long: 0.3 s of CPU on H2. */
    private static final int SUMMED = 50_000;

    /** Of tasks that ended from then to then: those of a batch, and whatever other servers had at the time. */
    private static final String KNOWN = """
            SELECT task
            FROM   task_usage
            WHERE  end_time >= :first
            AND    end_time <= :last
            """;

    private static final String RECORD = """
            INSERT INTO task_usage ( task,  asked,  llm,  caller,  end_time,  end_day,  outcome,
                                     prompt_tokens,  completion_tokens,  bytes,
                                     queued_micros,  woke_micros,  first_byte_micros,  total_micros)
            VALUES                 (:task, :asked, :llm, :caller, :end_time, :end_day, :outcome,
                                    :prompt_tokens, :completion_tokens, :bytes,
                                    :queued_micros, :woke_micros, :first_byte_micros, :total_micros)
            """;
    /** The keys stand in the place of {@code %s}: columns, and nothing that anybody has sent. */
    private static final String SUM = """
            SELECT COUNT(*)                                                      AS tasks,
                   COUNT(*) FILTER (WHERE outcome NOT IN ('DONE', 'CLIENT_GONE')) AS failed,
                   COUNT(*) FILTER (WHERE outcome = 'CLIENT_GONE')               AS cancelled,
                   COUNT(first_byte_micros)                                      AS answered,
                   COALESCE(SUM(prompt_tokens), 0)                               AS prompt_tokens,
                   COALESCE(SUM(completion_tokens), 0)                           AS completion_tokens,
                   COALESCE(SUM(bytes), 0)                                       AS bytes,
                   COALESCE(SUM(queued_micros), 0)                               AS queued_micros,
                   COALESCE(SUM(woke_micros), 0)                                 AS woke_micros,
                   COALESCE(SUM(first_byte_micros), 0)                           AS first_byte_micros,
                   COALESCE(SUM(total_micros), 0)                                AS total_micros
                   %s
            FROM   task_usage
            WHERE  end_time >= :from
            AND    end_time <= :to
            %s
            """;

    private static final String OLDEST = """
            SELECT MAX(end_time) AS last_end
            FROM  (SELECT   end_time
                   FROM     task_usage
                   WHERE    end_time >= :from
                   AND      end_time <  :before
                   ORDER BY end_time
                   FETCH FIRST :limit ROWS ONLY) oldest
            """;
    private static final String FORGET = """
            DELETE FROM task_usage
            WHERE  end_time <= :last
            """;

    /** Before and after all that databases hold alike. */
    private static final Instant EVER = Instant.parse("0001-01-01T00:00:00Z");

    private static final Instant NEVER = Instant.parse("9999-12-31T00:00:00Z");

    private final Transactions transactions;

    JdbiUsageStore(Transactions transactions) {
        this.transactions = transactions;
    }

    @Override
    public void record(List<TaskRecord> tasks) {
        if (!tasks.isEmpty()) {
            transactions.transaction("record usage", handle -> {
                record(handle, tasks);
                return tasks;
            });
        }
    }

    private static void record(Handle handle, List<TaskRecord> tasks) {
        Set<String> known = known(handle, tasks);
        PreparedBatch batch = handle.prepareBatch(RECORD);
        for (TaskRecord task : tasks) {
            if (known.add(task.task().value())) {
                Reason why = task.why();
                Duration firstByte = task.firstByte();
                batch.bind("task", task.task().value())
                        .bind("asked", task.asked().value())
                        .bind("llm", task.llm().value())
                        .bind("caller", task.caller())
                        .bind("end_time", task.end())
                        .bind("end_day", (int) Math.floorDiv(task.end().getEpochSecond(), 86_400))
                        .bind("outcome", why == null ? "DONE" : why.name())
                        .bind("prompt_tokens", task.promptTokens())
                        .bind("completion_tokens", task.completionTokens())
                        .bind("bytes", task.bytes())
                        .bind("queued_micros", micros(task.queued()))
                        .bind("woke_micros", micros(task.woke()))
                        .bind("first_byte_micros", firstByte == null ? null : (Long) micros(firstByte))
                        .bind("total_micros", micros(task.total()))
                        .add();
            }
        }
        if (batch.size() > 0) {
            batch.execute();
        }
    }

    private static Set<String> known(Handle handle, List<TaskRecord> tasks) {
        Comparator<Instant> order = Comparator.naturalOrder();
        return new HashSet<>(handle.createQuery(KNOWN)
                .bind("first", tasks.stream().map(TaskRecord::end).min(order).orElseThrow())
                .bind("last", tasks.stream().map(TaskRecord::end).max(order).orElseThrow())
                .mapTo(String.class)
                .list());
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1000;
    }

    @Override
    public List<UsageSum> sum(UsageQuery query, int limit) {
        Map<UsageSum.Key, UsageSum> sums = new HashMap<>();
        if (query.by().isEmpty()) {
            sums.put(UsageSum.NONE.key(), UsageSum.NONE);
        }
        Instant from = query.from() == null ? EVER : query.from();
        Instant to = query.to() == null ? NEVER : query.to();
        while (sums.size() <= limit) {
            Instant first = from;
            Optional<Instant> last =
                    transactions.statement("find usage to sum up", handle -> last(handle, first, to, SUMMED));
            if (last.isEmpty()) {
                break;
            }
            transactions
                    .statement("sum up usage", handle -> slice(handle, query, first, last.get()))
                    .forEach(sum -> sums.merge(sum.key(), sum, UsageSum::plus));
            from = last.get().plus(1, ChronoUnit.MICROS);
        }
        // Not by the database: each has an order of its own for texts.
        return sums.values().stream()
                .sorted(Comparator.comparing(UsageSum::day, Comparator.nullsFirst(Comparator.<LocalDate>naturalOrder()))
                        .thenComparing(UsageSum::llm)
                        .thenComparing(UsageSum::caller))
                .limit(limit)
                .toList();
    }

    /** The end of the last of the first {@code limit} tasks of a time; empty where there is none. */
    private static Optional<Instant> last(Handle handle, Instant from, Instant before, int limit) {
        return handle.createQuery(OLDEST)
                .bind("from", from)
                .bind("before", before)
                .bind("limit", limit)
                .map((row, context) -> Optional.ofNullable(Times.getOrNull(row, "last_end")))
                .one();
    }

    private static List<UsageSum> slice(Handle handle, UsageQuery query, Instant from, Instant to) {
        String name = query.caller() == null ? "llm" : "asked";
        List<String> keys =
                query.by().stream().map(key -> column(key, name)).sorted().toList();
        String ofOne = (query.llm() == null ? "" : "AND    " + name + " = :llm\n")
                + (query.caller() == null ? "" : "AND    caller = :caller\n");
        String group = keys.isEmpty() ? "" : "GROUP BY " + String.join(", ", keys);
        String columns = keys.stream().map(key -> ", " + key).collect(Collectors.joining());
        Query sql = handle.createQuery(SUM.formatted(columns, ofOne + group))
                .bind("from", from)
                .bind("to", to);
        if (query.llm() != null) {
            sql.bind("llm", query.llm().value());
        }
        if (query.caller() != null) {
            sql.bind("caller", query.caller());
        }
        return sql.map((row, context) -> read(row, query.by(), name)).list();
    }

    private static String column(UsageKey key, String name) {
        return switch (key) {
            case DAY -> "end_day";
            case LLM -> name;
            case CALLER -> "caller";
        };
    }

    private static UsageSum read(ResultSet row, Set<UsageKey> by, String name) throws SQLException {
        return new UsageSum(
                by.contains(UsageKey.DAY) ? LocalDate.ofEpochDay(row.getLong("end_day")) : null,
                by.contains(UsageKey.LLM) ? row.getString(name) : "",
                by.contains(UsageKey.CALLER) ? row.getString("caller") : "",
                row.getLong("tasks"),
                row.getLong("failed"),
                row.getLong("cancelled"),
                row.getLong("answered"),
                row.getLong("prompt_tokens"),
                row.getLong("completion_tokens"),
                row.getLong("bytes"),
                Duration.of(row.getLong("queued_micros"), ChronoUnit.MICROS),
                Duration.of(row.getLong("woke_micros"), ChronoUnit.MICROS),
                Duration.of(row.getLong("first_byte_micros"), ChronoUnit.MICROS),
                Duration.of(row.getLong("total_micros"), ChronoUnit.MICROS));
    }

    @Override
    public void forget(Instant before) {
        boolean more = true;
        while (more) {
            more = transactions.transaction("forget usage", handle -> forget(handle, before));
        }
    }

    /** A slice of them; false where there was none. */
    private static boolean forget(Handle handle, Instant before) {
        Optional<Instant> last = last(handle, EVER, before, FORGOTTEN);
        last.ifPresent(end -> handle.createUpdate(FORGET).bind("last", end).execute());
        return last.isPresent();
    }
}
