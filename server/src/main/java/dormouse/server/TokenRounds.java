package dormouse.server;

import dormouse.server.auth.Audit;
import dormouse.server.auth.AuthConfig;
import dormouse.server.auth.Tokens;
import dormouse.server.control.Time;
import dormouse.server.fleet.StoreException;
import dormouse.settings.SettingsException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done about tokens from time to time: those that have expired are ended, those that another replica has made or
 * revoked are read, who did what is written down, and all of it is forgotten in the end. Its alarm is the clock's, its work on a thread
 * that may wait for the database.
 */
final class TokenRounds implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TokenRounds.class);

    /** How late an expiry is noticed by what is open, at most. */
    private static final Duration TICK = Duration.ofSeconds(1);

    /** In ticks: how late what another replica does is noticed. */
    static final int READ_EVERY = 2;

    /** In ticks: how often it is written when tokens were used; a commit costs H2's file 12 KB. */
    private static final int WRITE_EVERY = 300;

    private static final int FORGET_EVERY = 3600;

    private final Tokens tokens;
    private final Audit audit;
    private final Duration retention;
    private final boolean asked;
    private final Time time;
    private final Executor blocking;
    private final AtomicBoolean reading = new AtomicBoolean();
    private volatile boolean stopped;
    private int ticks;

    /** @param asked whether callers have to show tokens at all */
    TokenRounds(Tokens tokens, Audit audit, Duration retention, boolean asked, Time time, Executor blocking) {
        this.tokens = tokens;
        this.audit = audit;
        this.retention = retention;
        this.asked = asked;
        this.time = time;
        this.blocking = blocking;
    }

    /** Reads who may call, and goes on from there. */
    static TokenRounds open(AuthConfig auth, Tokens tokens, Audit audit, Server.Ground ground) {
        Time time = ground.time();
        if (auth.tokens()) {
            tokens.read(time.now(), time.nanos());
        }
        TokenRounds rounds =
                new TokenRounds(tokens, audit, auth.auditRetention(), auth.tokens(), time, ground.blocking());
        rounds.start();
        return rounds;
    }

    /**
     * Before anything is opened.
     *
     * @throws SettingsException where the token that is given for the first ADMIN is none
     */
    static void check(AuthConfig auth, Server.Ground ground) {
        String given = given(ground);
        if (auth.tokens() && given != null) {
            orComplain(() -> Tokens.check(given));
        }
    }

    /**
     * Sees to it that somebody may let others in. Last of all: a token that is shown by a server that does not start then is
     * looked for in vain later.
     *
     * @throws SettingsException where the token that was given for that is no good
     */
    static void letSomebodyIn(AuthConfig auth, Tokens tokens, Server.Ground ground) {
        if (auth.tokens()) {
            Time time = ground.time();
            orComplain(() -> {
                String made = tokens.ensureAdmin(given(ground), time.now(), time.nanos());
                if (made != null) {
                    ground.firstToken().accept(made);
                }
            });
        }
    }

    private static @Nullable String given(Server.Ground ground) {
        return ground.house().environment().apply("DORMOUSE_ADMIN_TOKEN");
    }

    private static void orComplain(Runnable work) {
        try {
            work.run();
        } catch (IllegalArgumentException e) {
            throw new SettingsException(String.valueOf(e.getMessage()));
        }
    }

    /** The one secret that this program ever prints, to the person who starts it. */
    static void show(String secret) {
        System.err.println("dormouse server: the first token of an ADMIN, which is not shown again: " + secret);
    }

    private void start() {
        time.after(TICK.multipliedBy(asked ? 1 : FORGET_EVERY), this::tick);
    }

    private void tick() {
        if (stopped) {
            return;
        }
        ticks += asked ? 1 : FORGET_EVERY;
        if (asked) {
            tokens.expire(time.now());
        }
        boolean read = asked && ticks % READ_EVERY == 0;
        boolean write = asked && ticks % WRITE_EVERY == 0;
        boolean forget = ticks % FORGET_EVERY == 0;
        if ((read || write || forget) && reading.compareAndSet(false, true)) {
            later(read, write, forget);
        }
        start();
    }

    private void later(boolean read, boolean write, boolean forget) {
        try {
            blocking.execute(() -> {
                try {
                    work(read, write, forget);
                } catch (StoreException e) {
                    log.debug("tokens are read again later cause={}", e.getMessage());
                } finally {
                    reading.set(false);
                }
            });
        } catch (RejectedExecutionException e) {
            reading.set(false);
        }
    }

    private void work(boolean read, boolean write, boolean forget) {
        if (read) {
            tokens.read(time.now(), time.nanos());
            audit.flush();
        }
        if (write) {
            tokens.writeUse();
        }
        if (forget) {
            Instant before = time.now().minus(retention);
            audit.settle(time.nanos());
            audit.forget(before);
            tokens.forget(before);
        }
    }

    /** What is not written yet is, where the database takes it. Blocks. */
    @Override
    public void close() {
        stopped = true;
        try {
            if (asked) {
                tokens.writeUse();
            }
        } catch (StoreException e) {
            log.debug("when tokens were used last is not written cause={}", e.getMessage());
        }
        audit.end();
    }
}
