package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Declaration;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackendKeysTest {
    @TempDir
    Path directory;

    private final BackendKeys keys = new BackendKeys(
            Map.of("DORMOUSE_KEY_A", " sk-secret ", "DORMOUSE_KEY_B", "", "DORMOUSE_KEY_C", "sk secret")::get);

    private static Declaration declared(@Nullable String keyEnv, @Nullable Path keyFile) {
        LlmSpec spec = new LlmSpec("gpt", "", 4, false, false, Map.of(), Duration.ofSeconds(60), "openai");
        return new Declaration(
                new LlmName("gpt"),
                spec,
                "http://localhost",
                keyEnv,
                keyFile == null ? null : keyFile.toString(),
                Declaration.Origin.CREATED);
    }

    private @Nullable String key(@Nullable String keyEnv, @Nullable Path keyFile) {
        BackendKeys.Key found = (BackendKeys.Key) keys.find(declared(keyEnv, keyFile));
        return found.secret() == null ? null : found.secret().value();
    }

    private String missing(@Nullable String keyEnv, @Nullable Path keyFile) {
        return ((BackendKeys.Missing) keys.find(declared(keyEnv, keyFile))).why();
    }

    @Test
    void aBackendMayWantNone() {
        assertThat(key(null, null)).isNull();
    }

    @Test
    void aKeyIsWhatTheVariableOrTheFileHoldsWithoutTheSpaceAroundIt() throws IOException {
        Path file = Files.writeString(directory.resolve("key"), "sk-from-file\n");
        assertThat(key("DORMOUSE_KEY_A", null)).isEqualTo("sk-secret");
        assertThat(key(null, file)).isEqualTo("sk-from-file");
    }

    @Test
    void aKeyIsNeverShown() throws IOException {
        Path file = Files.writeString(directory.resolve("key"), "sk secret");
        assertThat(keys.find(declared("DORMOUSE_KEY_A", null)).toString()).doesNotContain("sk-secret");
        assertThat(missing("DORMOUSE_KEY_C", null)).startsWith("key_env: ").doesNotContain("secret");
        assertThat(missing(null, file)).startsWith("key_file: ").doesNotContain("secret");
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        assertThat(missing("DORMOUSE_KEY_NONE", null))
                .isEqualTo("key_env: DORMOUSE_KEY_NONE is not set in the server's environment");
        assertThat(missing("DORMOUSE_KEY_B", null)).contains("DORMOUSE_KEY_B holds is no key");
        assertThat(missing(null, directory.resolve("none"))).startsWith("key_file: ");
        assertThat(missing(null, directory)).startsWith("key_file: ");
        assertThat(missing(null, Files.writeString(directory.resolve("long"), "k".repeat(9000))))
                .startsWith("key_file: ");
    }
}
