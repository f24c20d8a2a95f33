package dormouse.server.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The secrets of tokens: made, recognized, hashed; never kept. Stateless. */
public final class Secrets {
    private static final Pattern FORM = Pattern.compile("dmt_[A-Za-z0-9_-]{43}");
    private static final int BYTES = 32;
    private static final String BEARER = "bearer ";

    private Secrets() {}

    /** 256 bits. */
    static String next(Random random) {
        byte[] bits = new byte[BYTES];
        random.nextBytes(bits);
        return "dmt_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
    }

    /** Whether it looks like one. */
    static boolean isSecret(String said) {
        return FORM.matcher(said).matches();
    }

    static String hash(String secret) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** In a time that says nothing of where they differ. */
    static boolean same(String hash, String other) {
        return MessageDigest.isEqual(
                hash.getBytes(StandardCharsets.US_ASCII), other.getBytes(StandardCharsets.US_ASCII));
    }

    /** What a request shows, or null where it shows nothing. @param apiKey the second place where it may stand */
    public static @Nullable String shown(@Nullable String authorization, @Nullable String apiKey) {
        if (authorization != null && authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
            return authorization.substring(BEARER.length()).strip();
        }
        return apiKey == null || apiKey.isBlank() ? null : apiKey.strip();
    }
}
