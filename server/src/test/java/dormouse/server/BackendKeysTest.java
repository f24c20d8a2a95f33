package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class BackendKeysTest {
    @TempDir
    Path directory;

    private final Map<String, String> environment =
            Map.of("DORMOUSE_KEY_A", " sk-secret ", "DORMOUSE_KEY_B", "", "DORMOUSE_KEY_C", "sk secret");
    private final BackendKeys keys = new BackendKeys(environment::get, null);

    private static Declaration declared(@Nullable String keyEnv, @Nullable Path keyFile) {
        return declared(keyEnv, keyFile, Declaration.Origin.FILE);
    }

    private static Declaration declared(@Nullable String keyEnv, @Nullable Path keyFile, Declaration.Origin origin) {
        LlmSpec spec = new LlmSpec("gpt", "", 4, false, false, Map.of(), Duration.ofSeconds(60), "openai");
        return new Declaration(
                new LlmName("gpt"),
                spec,
                "http://localhost",
                keyEnv,
                keyFile == null ? null : keyFile.toString(),
                origin);
    }

    private BackendKeys.Found byCall(@Nullable Path keyDir, Path keyFile) {
        return new BackendKeys(environment::get, keyDir).find(declared(null, keyFile, Declaration.Origin.CREATED));
    }

    private static String why(BackendKeys.Found found) {
        return ((BackendKeys.Missing) found).why();
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

    @Test
    void aCallCanNameAnyRegularFileWhereTheOperatorNamesNoDirectory() throws IOException {
        Path file = Files.writeString(directory.resolve("key"), "sk-from-file");
        assertThat(byCall(null, file)).isInstanceOf(BackendKeys.Key.class);
        assertThat(why(byCall(null, Path.of("/dev/null")))).isEqualTo("key_file: is not a regular file");
    }

    @Test
    void aCallCanNameFilesBelowTheOperatorsDirectoryAndNoOthersByNoWay() throws IOException {
        Path keyDir = Files.createDirectories(directory.resolve("keys/deep")).getParent();
        Path inside = Files.writeString(keyDir.resolve("deep/key"), "sk-inside");
        Path outside = Files.writeString(directory.resolve("outside"), "sk-outside");
        Path linked = Files.createSymbolicLink(directory.resolve("linked"), keyDir);

        assertThat(byCall(keyDir, inside)).isInstanceOf(BackendKeys.Key.class);
        assertThat(byCall(linked, inside)).isInstanceOf(BackendKeys.Key.class);
        assertThat(byCall(linked, linked.resolve("deep/key"))).isInstanceOf(BackendKeys.Key.class);
        assertThat(byCall(keyDir, Files.createSymbolicLink(keyDir.resolve("now"), inside)))
                .isInstanceOf(BackendKeys.Key.class);

        for (Path each : new Path[] {
            outside,
            keyDir.resolve("../outside"),
            Files.createSymbolicLink(keyDir.resolve("out"), outside),
            directory.resolve("keys-of-others/key"),
            directory.resolve("none")
        }) {
            assertThat(why(byCall(keyDir, each)))
                    .as("%s", each)
                    .startsWith("key_file: is not below the server's auth.keyDir");
        }
        assertThat(why(byCall(keyDir, keyDir.resolve("none"))))
                .isEqualTo("key_file: the server can read no file there");
    }

    @Test
    @Timeout(10)
    void aPipeIsNotWaitedFor() throws IOException, InterruptedException {
        Path pipe = directory.resolve("pipe");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfifo")));
        assertThat(new ProcessBuilder("/usr/bin/mkfifo", pipe.toString())
                        .start()
                        .waitFor())
                .isZero();
        assertThat(missing(null, pipe)).isEqualTo("key_file: is not a regular file");
        assertThat(why(byCall(directory, pipe))).isEqualTo("key_file: is not a regular file");
    }
}
