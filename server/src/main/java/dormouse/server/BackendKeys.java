package dormouse.server;

import dormouse.agent.Secret;
import dormouse.server.fleet.Declaration;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The keys of PUBLIC Llms' backends, read from where their declarations say. Any thread; a file may take its time. */
final class BackendKeys {
    private static final int LONGEST = 8192;

    /** What was found. */
    sealed interface Found {}

    /** @param secret null where the backend wants none */
    record Key(@Nullable Secret secret) implements Found {}

    /** @param why one line that names the field, and shows neither the key nor the file's path */
    record Missing(String why) implements Found {}

    private final Function<String, @Nullable String> environment;

    BackendKeys(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    Found find(Declaration declaration) {
        String variable = declaration.keyEnv();
        if (variable != null) {
            String value = environment.apply(variable);
            return value == null
                    ? new Missing("key_env: " + variable + " is not set in the server's environment")
                    : key("key_env: what " + variable + " holds", value);
        }
        String file = declaration.keyFile();
        return file == null ? new Key(null) : read(file);
    }

    private static Found read(String file) {
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            byte[] bytes = in.readNBytes(LONGEST + 1);
            return key("key_file: what the file holds", new String(bytes, StandardCharsets.UTF_8));
        } catch (IOException | InvalidPathException e) {
            return new Missing("key_file: the server can read no file there");
        }
    }

    private static Found key(String what, String text) {
        String key = text.strip();
        boolean good = !key.isEmpty() && key.length() <= LONGEST && key.chars().allMatch(c -> c > 0x20 && c < 0x7f);
        return good
                ? new Key(new Secret(key))
                : new Missing(what + " is no key, which is one word of printable ASCII, at most " + LONGEST + " long");
    }
}
