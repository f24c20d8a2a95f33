package dormouse.server.fleet;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the operator says of a PUBLIC Llm. Of the backend's key it holds where it is, never the key; no message that it
 * throws shows what was given as one, since people paste the key itself there.
 *
 * @param url the backend's base URL as the server reaches it, without a slash at its end
 * @param keyEnv the environment variable of the server that holds the backend's key; null: none does
 * @param keyFile the file on the server that holds it; null: none does
 */
public record Declaration(
        LlmName name,
        LlmSpec spec,
        String url,
        @Nullable String keyEnv,
        @Nullable String keyFile,
        Origin origin) {
    /** Where it was said. */
    public enum Origin {
        /** In the server's file, which alone can take it back. */
        FILE,
        /** By a call. */
        CREATED
    }

    public static final String URL_RULE =
            "a base URL is http://HOST:PORT/PATH or https://…, without a user, a query or a fragment";
    public static final String KEY_ENV_RULE =
            "the name of an environment variable of the server, DORMOUSE_KEY_ and then"
                    + " letters, digits and _; never the key itself";
    public static final String KEY_FILE_RULE = "the absolute path of a file on the server";
    public static final String TYPE_RULE = "one of openai, ollama, llama.cpp, lmstudio, vllm";

    private static final Pattern URL = Pattern.compile("https?://(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?"
            + "(/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2})*)?");
    private static final int LONGEST_URL = 2048;
    private static final Pattern KEY_ENV = Pattern.compile("DORMOUSE_KEY_[A-Za-z0-9_]{1,100}");
    private static final Pattern KEY_FILE = Pattern.compile("(/|[A-Za-z]:\\\\)\\P{Cntrl}{1,4000}");
    private static final List<String> TYPES = List.of("openai", "ollama", "llama.cpp", "lmstudio", "vllm");

    /** @throws IllegalArgumentException naming the field, as the contract calls it, and its rule */
    public Declaration {
        if (!isUrl(url)) {
            throw new IllegalArgumentException("url: " + URL_RULE);
        }
        url = url.replaceAll("/+$", "");
        if (keyEnv != null && keyFile != null) {
            throw new IllegalArgumentException("key_file: at most one of key_env and key_file");
        }
        if (keyEnv != null && !isKeyEnv(keyEnv)) {
            throw new IllegalArgumentException("key_env: " + KEY_ENV_RULE);
        }
        if (keyFile != null && !isKeyFile(keyFile)) {
            throw new IllegalArgumentException("key_file: " + KEY_FILE_RULE);
        }
        if (!TYPES.contains(spec.type())) {
            throw new IllegalArgumentException("type: " + TYPE_RULE);
        }
        if (spec.pool().equals(name.value())) {
            throw new IllegalArgumentException("pool: a pool cannot be called like an Llm");
        }
    }

    public static boolean isUrl(String url) {
        Matcher parts = URL.matcher(url);
        return url.length() <= LONGEST_URL
                && parts.matches()
                && (parts.group(2) == null || Integer.parseInt(parts.group(2)) <= 65_535);
    }

    public static boolean isKeyEnv(String name) {
        return KEY_ENV.matcher(name).matches();
    }

    public static boolean isKeyFile(String path) {
        return KEY_FILE.matcher(path).matches();
    }
}
