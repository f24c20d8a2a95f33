package dormouse.server.control;

import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.TaskId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Makes ids and resume tokens out of a given source of chance, and compares tokens in constant time. Any thread. */
public final class Credentials {
    private final Random random;

    /** @param random a {@link java.security.SecureRandom} where it matters, a seeded one in tests */
    public Credentials(Random random) {
        this.random = random;
    }

    SessionId newSession() {
        return new SessionId("s-" + hex(10));
    }

    /** An id for a task or a wake. */
    public TaskId newTask() {
        return new TaskId("t-" + hex(10));
    }

    /** A start for hashes that nobody outside can foresee. */
    public long newSeed() {
        return random.nextLong();
    }

    /** 256 bits. */
    String newToken() {
        return hex(32);
    }

    private String hex(int bytes) {
        byte[] data = new byte[bytes];
        random.nextBytes(data);
        return HexFormat.of().formatHex(data);
    }

    static String hash(String token) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static boolean matches(String hash, String token) {
        return MessageDigest.isEqual(
                hash.getBytes(StandardCharsets.UTF_8), hash(token).getBytes(StandardCharsets.UTF_8));
    }
}
