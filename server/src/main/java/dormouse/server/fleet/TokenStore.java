package dormouse.server.fleet;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Where credentials are kept. Every method may block and may throw {@link StoreException}; what has returned is on disk. */
public interface TokenStore {
    /** All of them, expired and revoked ones included, in order of creation. */
    List<Token> tokens();

    /**
     * Keeps a new one, and in the same transaction who made it.
     *
     * @throws StaleException where its id, or its hash, is there already
     */
    void create(Token token, AuditEntry entry);

    /**
     * Ends one for good, and in the same transaction says who did. Of one that is revoked already nothing changes.
     *
     * @return false where there is none of that id
     */
    boolean revoke(String id, AuditEntry entry);

    /** When each was used last, where that is later than what is kept. */
    void used(Map<String, Instant> times);

    /**
     * Forgets those that have expired or were revoked before {@code before}. Not an ADMIN's: one of these may be given at a
     * start, and is not to be good again. Idempotent.
     */
    void forget(Instant before);
}
