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

/**
 * The keys of PUBLIC Llms' backends, read from where their declarations say. Any thread; a file may take its time.
 *
 * <p>Who declares by a call also says to which URL a key goes; so an operator can name the directory that such a key's file has
 * to be in.
 */
final class BackendKeys {
    private static final int LONGEST = 8192;

    /** What was found. */
    sealed interface Found {}

    /** @param secret null where the backend wants none */
    record Key(@Nullable Secret secret) implements Found {}

    /** @param why one line that names the field, and shows neither the key nor the file's path */
    record Missing(String why) implements Found {}

    private static final Missing NO_FILE = new Missing("key_file: the server can read no file there");
    private static final Missing ELSEWHERE =
            new Missing("key_file: is not below the server's auth.keyDir, where files that a call names have to be");

    private final Function<String, @Nullable String> environment;
    private final @Nullable Path directory;

    /** @param directory below which the files of what was declared by a call are; null: anywhere */
    BackendKeys(Function<String, @Nullable String> environment, @Nullable Path directory) {
        this.environment = environment;
        this.directory = directory;
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
        if (file == null) {
            return new Key(null);
        }
        try {
            return declaration.origin() == Declaration.Origin.FILE ? read(Path.of(file)) : readBelow(Path.of(file));
        } catch (IOException | InvalidPathException e) {
            return NO_FILE;
        }
    }

    /** What lies elsewhere by its name is not looked at: nobody learns which files there are. */
    private Found readBelow(Path file) throws IOException {
        if (directory == null) {
            return read(file);
        }
        Path named = file.normalize();
        Path real = directory.toRealPath();
        if (!named.startsWith(directory.normalize()) && !named.startsWith(real)) {
            return ELSEWHERE;
        }
        Path found = file.toRealPath();
        return found.startsWith(real) ? read(found) : ELSEWHERE;
    }

    /** Of a regular file alone: a pipe would never end. */
    private static Found read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Files.exists(file) ? new Missing("key_file: is not a regular file") : NO_FILE;
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LONGEST + 1);
            return key("key_file: what the file holds", new String(bytes, StandardCharsets.UTF_8));
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
