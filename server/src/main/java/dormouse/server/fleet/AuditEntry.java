package dormouse.server.fleet;

import java.time.Instant;

/**
 * Who did what. Never a secret.
 *
 * @param actor a credential's id; empty where the server asks for none, or nobody could be told; {@code server} for what it
 *     does by itself
 * @param action two words with a dot: {@code token.create}
 * @param subject what it was done to: a name, a session, a token's id, an address
 * @param detail one line for a person; may be empty
 */
public record AuditEntry(Instant time, String actor, String action, String subject, String detail) {}
