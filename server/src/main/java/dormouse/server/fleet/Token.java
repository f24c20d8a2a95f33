package dormouse.server.fleet;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A credential, without its secret.
 *
 * @param hash SHA-256 of the secret, in lower-case hex
 * @param name for people: what or whom it is for
 * @param patterns globs over the names that it may use or publish; empty: all
 * @param expireTime from when on it is no longer good; null: never
 * @param lastUse null where there was none
 */
public record Token(
        String id,
        String hash,
        String name,
        Role role,
        List<String> patterns,
        Instant createTime,
        @Nullable Instant expireTime,
        @Nullable Instant lastUse,
        boolean revoked) {
    public Token {
        patterns = List.copyOf(patterns);
    }

    public boolean expired(Instant now) {
        return expireTime != null && !now.isBefore(expireTime);
    }

    /** Whether it opens anything. */
    public boolean isGood(Instant now) {
        return !revoked && !expired(now);
    }

    /** The same, used at another time. */
    public Token usedAt(@Nullable Instant time) {
        return new Token(id, hash, name, role, patterns, createTime, expireTime, time, revoked);
    }
}
