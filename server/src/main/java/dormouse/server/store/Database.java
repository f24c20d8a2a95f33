package dormouse.server.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dormouse.server.fleet.AuditStore;
import dormouse.server.fleet.BackupStore;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.StoreClock;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.TokenStore;
import dormouse.server.fleet.UsageStore;
import dormouse.server.fleet.WakeTimeStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.Set;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;
import org.jspecify.annotations.Nullable;

/**
 * The one database of a server: H2 in this process, or a PostgreSQL that replicas share. Any thread; every call blocks.
 */
public final class Database implements AutoCloseable {
    /** Statements at a time; whoever comes then waits {@link #WAIT_MILLIS} at most. */
    private static final int CONNECTIONS = 8;

    private static final long WAIT_MILLIS = 5_000;

    private static final int MIGRATIONS = 3;

    /** H2's words for a table that is not there, in a database with others and in an empty one. */
    private static final Set<String> NO_TABLE = Set.of("42S02", "42S03", "42S04");

    private final DatabaseUrl url;
    private final HikariDataSource pool;
    private final LlmStore llms;
    private final SessionStore sessions;
    private final WakeTimeStore wakeTimes;
    private final UsageStore usage;
    private final BackupStore backups;
    private final TokenStore tokens;
    private final AuditStore audit;

    private Database(
            DatabaseUrl url,
            Properties properties,
            HikariDataSource pool,
            StoreClock clock,
            @Nullable NewestRevision newest) {
        this.url = url;
        this.pool = pool;
        Jdbi jdbi = Jdbi.create(pool).registerArgument(new Times()).registerArgument(new Texts());
        // A message with the values in it would end up in the log.
        jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
        Transactions transactions = new Transactions(jdbi, pool.getHikariPoolMXBean()::softEvictConnections, clock);
        JdbiLlmStore rows = new JdbiLlmStore(transactions);
        this.llms = newest == null ? rows : new NotedLlmStore(rows, newest);
        this.sessions = new JdbiSessionStore(transactions);
        this.wakeTimes = new JdbiWakeTimeStore(transactions);
        this.usage = new JdbiUsageStore(transactions);
        this.backups = new H2Backup(url, properties, transactions);
        this.tokens = new JdbiTokenStore(transactions);
        this.audit = new JdbiAuditStore(transactions);
    }

    /**
     * Connects; an H2 database that is not there yet is made, with its directory.
     *
     * @param url as product.md has it: {@code jdbc:h2:…} or {@code jdbc:postgresql:…}
     * @throws StoreException saying what to do, where there is no connection to be had
     * @throws IllegalArgumentException where {@code url} is for another kind of database
     */
    public static Database open(String url, @Nullable String user, @Nullable String password, StoreClock clock) {
        DatabaseUrl checked = new DatabaseUrl(url);
        Properties properties = checked.properties(user, password);
        NewestRevision newest = NewestRevision.of(checked);
        if (newest != null) {
            newest.checkFile();
        }
        Path made = toBeMade(checked);
        try {
            if (newest != null && made == null) {
                newest.check(revisionAsItLies(checked, properties));
            }
            // The pool would log a stack trace, and try for a while, before it said no.
            try (Connection first = DriverManager.getConnection(checked.complete(), properties)) {
                if (newest != null) {
                    newest.check(revision(first));
                }
                if (made != null) {
                    OwnerOnly.close(made);
                }
            }
            Compaction.ifLarger(Compaction.LARGE, checked, user, password);
            HikariConfig config = new HikariConfig();
            config.setPoolName("dormouse");
            config.setJdbcUrl(checked.complete());
            config.setDataSourceProperties(properties);
            config.setMaximumPoolSize(CONNECTIONS);
            config.setConnectionTimeout(WAIT_MILLIS);
            config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
            return new Database(checked, properties, new HikariDataSource(config), clock, newest);
        } catch (StoreException e) {
            throw e;
        } catch (SQLException | IOException | RuntimeException e) {
            throw OpenFailure.of(checked, e);
        }
    }

    /**
     * The file that H2 is about to make, in a directory that is made here, where it is missing; null where there is none to be
     * made. What is wrong with the place, H2 says better.
     */
    private static @Nullable Path toBeMade(DatabaseUrl url) {
        Path file = url.h2File();
        if (file == null || Files.exists(file)) {
            return null;
        }
        Path directory = file.getParent();
        if (directory != null && (file.isAbsolute() || directory.startsWith(".") || directory.startsWith(".."))) {
            try {
                OwnerOnly.directories(directory);
            } catch (IOException e) {
                return null;
            }
        }
        return file;
    }

    /** Read without writing: of a damaged file H2 would write over what it can't read, and it is to be kept as it was. */
    private static long revisionAsItLies(DatabaseUrl url, Properties properties) throws SQLException, IOException {
        Path file = url.h2File();
        if (file == null || !Files.isRegularFile(file) || Files.size(file) == 0) {
            return 0;
        }
        try (Connection look = DriverManager.getConnection(url.readOnly(), properties)) {
            return revision(look);
        }
    }

    /** 0 where there are no tables yet. */
    private static long revision(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(Revisions.LATEST_SQL)) {
            return row.next() ? row.getLong(1) : 0;
        } catch (SQLException e) {
            if (NO_TABLE.contains(String.valueOf(e.getSQLState()))) {
                return 0;
            }
            throw e;
        }
    }

    /** The same, and nobody measures it. */
    public static Database open(String url, @Nullable String user, @Nullable String password) {
        return open(url, user, password, StoreClock.NONE);
    }

    /**
     * Brings the tables up to what this program needs. Idempotent; of several servers that do it at a time one does.
     *
     * @return what was done
     * @throws StoreException where it does not succeed
     */
    public Migrated migrate() {
        Flyway flyway = Flyway.configure()
                .dataSource(pool)
                .locations("classpath:dormouse/server/store")
                .failOnMissingLocations(true)
                .load();
        for (int tries = 1; ; tries++) {
            try {
                return Migrated.of(flyway.migrate());
            } catch (FlywayException e) {
                // Two that meet on H2's empty database can both begin; who comes second finds the work done.
                if (tries == MIGRATIONS) {
                    throw new StoreException(
                            "database " + url + ": can't bring its tables up to date: " + e.getMessage(), e);
                }
            }
        }
    }

    /** A URL without what may be secret. */
    public static String shown(String url) {
        return new DatabaseUrl(url).toString();
    }

    public LlmStore llms() {
        return llms;
    }

    public SessionStore sessions() {
        return sessions;
    }

    public WakeTimeStore wakeTimes() {
        return wakeTimes;
    }

    public UsageStore usage() {
        return usage;
    }

    public BackupStore backups() {
        return backups;
    }

    public TokenStore tokens() {
        return tokens;
    }

    public AuditStore audit() {
        return audit;
    }

    /** Idempotent. */
    @Override
    public void close() {
        if (llms instanceof NotedLlmStore noted) {
            noted.close();
        }
        pool.close();
    }
}
