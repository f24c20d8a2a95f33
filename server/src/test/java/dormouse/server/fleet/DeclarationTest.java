package dormouse.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.fleet.Declaration.Origin;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeclarationTest {
    private static Declaration declare(String url, @Nullable String keyEnv, @Nullable String keyFile) {
        return declare("openai", "", url, keyEnv, keyFile);
    }

    private static Declaration declare(
            String type, String pool, String url, @Nullable String keyEnv, @Nullable String keyFile) {
        LlmSpec spec = new LlmSpec("gpt", pool, 4, false, false, Map.of(), Duration.ofSeconds(60), type);
        return new Declaration(new LlmName("gpt"), spec, url, keyEnv, keyFile, Origin.CREATED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://localhost:11434/v1",
                "https://api.example.com",
                "https://api.example.com/v1/",
                "http://127.0.0.1:1",
                "http://[::1]:8080/v1",
                "https://host/a%20b/c~d"
            })
    void aBaseUrlIsWholeAndOfHttp(String url) {
        assertThat(declare(url, null, null).url()).isEqualTo(url.replaceAll("/$", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost:11434/v1",
                "ftp://localhost/v1",
                "/v1",
                "http://",
                "http://me:secret@localhost/v1",
                "http://localhost/v1?key=secret",
                "http://localhost/v1#secret",
                "http://localhost:99999/v1",
                "http://local host/v1",
                "http://localhost/%zz"
            })
    void anythingElseIsRefusedAndNotShown(String url) {
        assertThatThrownBy(() -> declare(url, null, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("url: ")
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"sk-secret", "PATH", "DORMOUSE_KEY_", "DORMOUSE_TOKEN", "DORMOUSE_KEY_A=secret", "dormouse_key_a"
            })
    void aKeysVariableIsNamedAsSuchAndWhatElseIsSaidIsNotShown(String name) {
        assertThatThrownBy(() -> declare("http://h", name, null))
                .hasMessageStartingWith("key_env: ")
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sk-secret", "keys/secret", "~/secret", "/", "/a\nsecret"})
    void aKeysFileIsNamedByItsAbsolutePathAndWhatElseIsSaidIsNotShown(String path) {
        assertThatThrownBy(() -> declare("http://h", null, path))
                .hasMessageStartingWith("key_file: ")
                .hasMessageNotContaining("secret");
    }

    @Test
    void aKeyIsInOnePlace() {
        assertThat(declare("http://h", "DORMOUSE_KEY_A", null).keyEnv()).isEqualTo("DORMOUSE_KEY_A");
        assertThat(declare("http://h", null, "/run/keys/a").keyFile()).isEqualTo("/run/keys/a");
        assertThatThrownBy(() -> declare("http://h", "DORMOUSE_KEY_A", "/run/keys/a"))
                .hasMessageContaining("at most one");
    }

    @Test
    void theTypeIsOneThatIsKnownAndThePoolIsCalledOtherwise() {
        assertThatThrownBy(() -> declare("gguf", "", "http://h", null, null)).hasMessageStartingWith("type: ");
        assertThatThrownBy(() -> declare("vllm", "gpt", "http://h", null, null)).hasMessageStartingWith("pool: ");
    }
}
