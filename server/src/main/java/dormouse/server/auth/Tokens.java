package dormouse.server.auth;

import dormouse.server.fleet.AuditEntry;
import dormouse.server.fleet.Role;
import dormouse.server.fleet.StaleException;
import dormouse.server.fleet.Token;
import dormouse.server.fleet.TokenStore;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The credentials, in memory, so that no call asks the database who it is: changed here in one step with their rows, and read
 * again from time to time, for what another replica has changed. What makes, ends, lists or reads them blocks; the rest
 * does not, and is for any thread.
 */
public final class Tokens {
    private static final Logger log = LoggerFactory.getLogger(Tokens.class);
    private static final Duration LONGEST = Duration.ofDays(36_500);
    private static final int LONGEST_NAME = 128;
    private static final String SERVER = "server";

    /** A new token, and what is shown of it this once. */
    public record Made(Token token, String secret) {
        /** Without the secret: this may end up in a log. */
        @Override
        public String toString() {
            return "Made[" + token.id() + "]";
        }
    }

    private final TokenStore store;
    private final AuthConfig config;
    private final Random random;
    private final Map<String, Standing> standings = new ConcurrentHashMap<>(); // by hash; changed under this
    private final Map<String, Instant> written = new HashMap<>(); // under this

    /** @param random a {@link java.security.SecureRandom} where it matters */
    public Tokens(TokenStore store, AuthConfig config, Random random) {
        this.store = store;
        this.config = config;
        this.random = random;
    }

    /** Takes over what the database says: new ones are good from now on, what is revoked or gone is ended. */
    public synchronized void read(Instant now, long nanos) {
        Set<String> known = new HashSet<>();
        for (Token token : store.tokens()) {
            known.add(token.hash());
            Standing standing = standings.get(token.hash());
            if (standing == null) {
                standing = add(token, nanos);
            }
            if (token.revoked()) {
                standing.end(Standing.REVOKED);
            }
        }
        standings.forEach((hash, standing) -> {
            if (!known.contains(hash)) {
                standings.remove(hash);
                written.remove(standing.token().id());
                standing.end(Standing.REVOKED);
            }
        });
        expire(now);
    }

    private Standing add(Token token, long nanos) {
        Standing standing = new Standing(token, config, nanos);
        standings.put(token.hash(), standing);
        return standing;
    }

    /** Ends what is open with tokens that have expired. */
    public void expire(Instant now) {
        for (Standing standing : standings.values()) {
            if (standing.token().expired(now) && standing.refusal(Instant.MIN) == null) {
                log.info("a token has expired token={}", standing.token().id());
                standing.end(Standing.EXPIRED);
            }
        }
    }

    /** The credential of this secret, good or not; null where there is none. */
    @Nullable
    Standing find(String secret) {
        if (!Secrets.isSecret(secret)) {
            return null;
        }
        String hash = Secrets.hash(secret);
        Standing standing = standings.get(hash);
        return standing != null && Secrets.same(standing.token().hash(), hash) ? standing : null;
    }

    /**
     * Makes one, on disk when this returns.
     *
     * @param ttl null: it does not expire
     * @throws IllegalArgumentException naming the field and its rule
     */
    public Made create(
            Caller by,
            String name,
            @Nullable Role role,
            List<String> patterns,
            @Nullable Duration ttl,
            Instant now,
            long nanos) {
        String label = name.strip();
        if (label.isEmpty() || label.length() > LONGEST_NAME || label.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("name: 1 to " + LONGEST_NAME + " characters of one line");
        }
        if (role == null) {
            throw new IllegalArgumentException("role: CLIENT, AGENT or ADMIN");
        }
        if (role == Role.ADMIN && !patterns.isEmpty()) {
            throw new IllegalArgumentException("llm_patterns: none for an ADMIN, who may do everything");
        }
        try {
            new Patterns(patterns);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("llm_patterns: " + e.getMessage(), e);
        }
        if (ttl != null && (ttl.isNegative() || ttl.isZero() || ttl.compareTo(LONGEST) > 0)) {
            throw new IllegalArgumentException("ttl: more than 0, and at most " + LONGEST.toDays() + " days");
        }
        Instant expires = ttl == null ? null : now.plus(ttl);
        return make("tok-" + hex(), Secrets.next(random), label, role, patterns, expires, by.id(), now, nanos);
    }

    private String hex() {
        byte[] id = new byte[6];
        random.nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    private synchronized Made make(
            String id,
            String secret,
            String name,
            Role role,
            List<String> patterns,
            @Nullable Instant expires,
            String by,
            Instant now,
            long nanos) {
        Token token = new Token(id, Secrets.hash(secret), name, role, patterns, now, expires, null, false);
        String may = patterns.isEmpty() ? "" : " for " + String.join(" ", patterns);
        store.create(token, new AuditEntry(now, by, "token.create", id, role + may + ": " + name));
        add(token, nanos);
        log.info("a token was made token={} role={} by={}", id, role, by.isEmpty() ? "-" : by);
        return new Made(token, secret);
    }

    /** All, in order of creation, with the times of their last use as far as they are known here. */
    public List<Token> list() {
        return store.tokens().stream()
                .map(token -> {
                    Standing standing = standings.get(token.hash());
                    Instant used = standing == null ? null : standing.lastUse();
                    return later(used, token.lastUse()) ? token.usedAt(used) : token;
                })
                .toList();
    }

    /** @return false where there is none of that id */
    public synchronized boolean revoke(Caller by, String id, Instant now) {
        if (!store.revoke(id, new AuditEntry(now, by.id(), "token.revoke", id, ""))) {
            return false;
        }
        for (Standing standing : standings.values()) {
            if (standing.token().id().equals(id)) {
                log.info("a token was revoked token={} by={}", id, by.id().isEmpty() ? "-" : by.id());
                standing.end(Standing.REVOKED);
            }
        }
        return true;
    }

    /** @throws IllegalArgumentException where what was given for the first ADMIN is no token */
    public static void check(String given) {
        if (!Secrets.isSecret(given)) {
            throw new IllegalArgumentException(
                    "DORMOUSE_ADMIN_TOKEN: not a token: dmt_ and 43 of A-Z a-z 0-9 - _, which are 256 bits");
        }
    }

    /**
     * Sees to it that there is a good token of an ADMIN, or nobody could ever make another.
     *
     * @param given the secret that it is to have; null: any
     * @return a secret that was made for it, and is to be shown; null where nothing is to be shown
     * @throws IllegalArgumentException where {@code given} is none
     */
    public @Nullable String ensureAdmin(@Nullable String given, Instant now, long nanos) {
        if (given != null) {
            check(given);
        }
        if (hasAdmin(now)) {
            if (given != null && find(given) == null) {
                log.warn("DORMOUSE_ADMIN_TOKEN is not taken: there is a token of an ADMIN already");
            }
            return null;
        }
        String secret = given != null ? given : Secrets.next(random);
        try {
            make(freeAdminId(), secret, "first admin", Role.ADMIN, List.of(), null, SERVER, now, nanos);
        } catch (StaleException e) {
            read(now, nanos); // another replica was quicker, or the token that was given is one that was revoked
            if (!hasAdmin(now)) {
                throw new IllegalArgumentException(
                        "DORMOUSE_ADMIN_TOKEN: this token was revoked, or is not an ADMIN's: give another", e);
            }
            return null;
        }
        return given == null ? secret : null;
    }

    /** Of two replicas that start together both choose the same, so that one of them has to look again. */
    private String freeAdminId() {
        List<String> ids =
                standings.values().stream().map(each -> each.token().id()).toList();
        int number = 1;
        while (ids.contains("admin-" + number)) {
            number++;
        }
        return "admin-" + number;
    }

    private boolean hasAdmin(Instant now) {
        return standings.values().stream()
                .anyMatch(each -> each.token().role() == Role.ADMIN && each.refusal(now) == null);
    }

    /** Writes down when each was used last, where that has changed. */
    public synchronized void writeUse() {
        Map<String, Instant> news = new HashMap<>();
        for (Standing standing : standings.values()) {
            Instant used = standing.lastUse();
            String id = standing.token().id();
            if (used != null
                    && later(used, written.getOrDefault(id, standing.token().lastUse()))) {
                news.put(id, used);
            }
        }
        if (!news.isEmpty()) {
            store.used(news);
            written.putAll(news);
        }
    }

    /** Forgets those that ended before {@code before}. Blocks. */
    public void forget(Instant before) {
        store.forget(before);
    }

    private static boolean later(@Nullable Instant one, @Nullable Instant other) {
        return one != null && (other == null || one.isAfter(other));
    }

    /** How many calls are open with a token. */
    public int visits() {
        return standings.values().stream().mapToInt(Standing::visits).sum();
    }
}
