package dormouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionTest {
    @TempDir
    Path home;

    private final Map<String, String> env = new HashMap<>();
    private final ConnectionOptions options = new ConnectionOptions();

    @BeforeEach
    void atHome() {
        env.put("HOME", home.toString());
    }

    private Connection resolve() {
        return Connection.resolve(options, env);
    }

    private void config(String yaml) throws IOException {
        Path folder = Files.createDirectories(home.resolve(".config/dormouse"));
        Files.writeString(folder.resolve("config.yaml"), yaml);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:7701, localhost, 7701",
        "localhost, localhost, 7700",
        "[::1]:7701, ::1, 7701",
        "[::1], ::1, 7700",
        "127.0.0.1:1, 127.0.0.1, 1"
    })
    void an_address_is_a_host_and_a_port(String text, String host, int port) {
        assertThat(ServerAddress.parse(text, "--server")).isEqualTo(new ServerAddress(host, port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":7700",
                "host:",
                "host:0",
                "host:65536",
                "host:x",
                "http://host:7700",
                "a b",
                "[::1",
                "[::1]x",
                "[]:1",
                "::1",
                "host:1,other:2"
            })
    void anything_else_is_refused_with_the_rule(String text) {
        assertThatThrownBy(() -> ServerAddress.parse(text, "--server"))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("--server: \"" + text + "\" is not HOST:PORT");
    }

    @Test
    void the_default_is_this_machine() {
        Connection connection = resolve();

        assertThat(connection.address()).hasToString("localhost:7700");
        assertThat(connection.tls()).isFalse();
        assertThat(connection.token()).isNull();
    }

    @Test
    void an_option_wins_over_the_environment_and_that_over_the_file() throws IOException {
        config("server: localhost:1\ntoken: of-file\n");
        assertThat(resolve().address().port()).isEqualTo(1);
        assertThat(resolve().token()).isEqualTo("of-file");

        env.put("DORMOUSE_TOKEN", "of-env");
        assertThat(resolve().token()).isEqualTo("of-env");
        options.token = "of-option";
        assertThat(resolve().token()).isEqualTo("of-option");

        env.put("DORMOUSE_SERVER", "localhost:2");
        assertThat(resolve().address().port()).isEqualTo(2);
        options.server = "localhost:3";
        assertThat(resolve().address().port()).isEqualTo(3);
    }

    @Test
    void the_file_s_token_is_not_shown_to_another_server() throws IOException {
        config("server: gpu.example:7700\ntoken: secret\ntls: true\ninsecure: true\n");
        options.server = "localhost:7700";

        assertThat(resolve().token()).isNull();
        assertThat(resolve().tls()).isFalse();

        options.server = "other.example:7700";
        assertThatThrownBy(this::resolve).isInstanceOf(Failure.class).hasMessageContaining("plaintext");
    }

    @Test
    void the_file_may_name_files_beside_it() throws IOException {
        config("server: gpu.example:7700\ntokenFile: token\ntls: {ca: ca.pem, cert: /c.pem, key: ~/k.pem}\n");
        Files.writeString(home.resolve(".config/dormouse/token"), "secret\n");

        Connection connection = resolve();

        assertThat(connection.token()).isEqualTo("secret");
        assertThat(connection.tls()).isTrue();
        assertThat(connection.ca()).isEqualTo(home.resolve(".config/dormouse/ca.pem"));
        assertThat(connection.cert()).isEqualTo(Path.of("/c.pem"));
        assertThat(connection.key()).isEqualTo(home.resolve("k.pem"));
    }

    @Test
    void a_wrong_key_in_the_file_is_refused_with_its_place() throws IOException {
        config("server: localhost:1\ntokn: x\n");

        assertThatThrownBy(this::resolve)
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.exitCode()).isEqualTo(2))
                .hasMessageContaining("config.yaml:2")
                .hasMessageContaining("tokn");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpu.example:7700", "192.168.1.5", "[2001:db8::1]:7700", "0.0.0.0:7700"})
    void plaintext_to_another_machine_is_refused(String server) {
        options.server = server;

        assertThatThrownBy(this::resolve)
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.exitCode()).isEqualTo(2))
                .hasMessageContaining("--tls")
                .hasMessageContaining("--insecure");

        options.insecure = true;
        assertThat(resolve().tls()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"localhost", "127.0.0.1:7700", "127.1.2.3", "[::1]:7700", "[0:0:0:0:0:0:0:1]", "a.localhost"})
    void plaintext_to_this_machine_is_fine(String server) {
        options.server = server;

        assertThat(resolve().tls()).isFalse();
    }

    @Test
    void an_authority_or_a_certificate_means_tls() {
        options.server = "gpu.example";
        options.ca = "ca.pem";
        assertThat(resolve().tls()).isTrue();

        options.ca = null;
        options.cert = "c.pem";
        assertThatThrownBy(this::resolve).isInstanceOf(Failure.class).hasMessageContaining("--key is missing");
        options.key = "k.pem";
        assertThat(resolve().tls()).isTrue();
    }

    @Test
    void a_file_of_tls_that_is_not_there_is_wrong_usage() {
        CommandRun cli = new CommandRun(home);

        assertThat(cli.run("list", "--ca", home.resolve("none.pem").toString())).isEqualTo(2);
        assertThat(cli.err()).contains("none.pem").hasLineCount(1);
    }
}
