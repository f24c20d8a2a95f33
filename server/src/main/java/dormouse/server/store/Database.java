package dormouse.server.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dormouse.server.fleet.AuditStore;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.SessionStore;
import dormouse.server.fleet.StoreClock;
import dormouse.server.fleet.StoreException;
import dormouse.server.fleet.TokenStore;
import dormouse.server.fleet.UsageStore;
import dormouse.server.fleet.WakeTimeStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
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

    private final DatabaseUrl url;
    private final HikariDataSource pool;
    private final LlmStore llms;
    private final SessionStore sessions;
    private final WakeTimeStore wakeTimes;
    private final UsageStore usage;
    private final TokenStore tokens;
    private final AuditStore audit;

    private Database(DatabaseUrl url, HikariDataSource pool, StoreClock clock) {
        this.url = url;
        this.pool = pool;
        Jdbi jdbi = Jdbi.create(pool).registerArgument(new Times()).registerArgument(new Texts());
        // A message with the values in it would end up in the log.
        jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
        Transactions transactions = new Transactions(jdbi, pool.getHikariPoolMXBean()::softEvictConnections, clock);
        this.llms = new JdbiLlmStore(transactions);
        this.sessions = new JdbiSessionStore(transactions);
        this.wakeTimes = new JdbiWakeTimeStore(transactions);
        this.usage = new JdbiUsageStore(transactions);
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
        Properties properties = checked.properties();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        // The pool would log a stack trace, and try for a while, before it said no.
        try (Connection first = DriverManager.getConnection(checked.complete(), properties)) {
            HikariConfig config = new HikariConfig();
            config.setPoolName("dormouse");
            config.setJdbcUrl(checked.complete());
            config.setDataSourceProperties(properties);
            config.setMaximumPoolSize(CONNECTIONS);
            config.setConnectionTimeout(WAIT_MILLIS);
            config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
            return new Database(checked, new HikariDataSource(config), clock);
        } catch (SQLException | RuntimeException e) {
            throw OpenFailure.of(checked, e);
        }
    }

    /** The same, and nobody measures it. */
    public static Database open(String url, @Nullable String user, @Nullable String password) {
        return open(url, user, password, StoreClock.NONE);
    }

    /**
     * Brings the tables up to what this program needs. Idempotent; of several servers that do it at a time one does.
     *
     * @throws StoreException where it does not succeed
     */
    public void migrate() {
        Flyway flyway = Flyway.configure()
                .dataSource(pool)
                .locations("classpath:dormouse/server/store")
                .failOnMissingLocations(true)
                .load();
        for (int tries = 1; ; tries++) {
            try {
                flyway.migrate();
                return;
            } catch (FlywayException e) {
                // Two that meet on H2's empty database can both begin; who comes second finds the work done.
                if (tries == MIGRATIONS) {
                    throw new StoreException(
                            "database " + url + ": can't bring its tables up to date: " + e.getMessage(), e);
                }
            }
        }
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

    public TokenStore tokens() {
        return tokens;
    }

    public AuditStore audit() {
        return audit;
    }

    /** Idempotent. */
    @Override
    public void close() {
        pool.close();
    }
}
