package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.tls.HomeFiles;
import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which doors open beyond loopback, and what is said of certificates that can't be used. */
class ReachTest {
    @TempDir
    static Path folder;

    private static HomeFiles files;

    @BeforeAll
    static void make() {
        files = HomeTls.in(folder.resolve("tls")).files();
    }

    private static Settings file(String... lines) {
        return Settings.parse("server.yaml", String.join("\n", lines), Map.of());
    }

    private static String tls() {
        return "tls: {cert: " + files.server() + ", key: " + files.serverKey() + "}";
    }

    @ParameterizedTest(name = "{0}, TLS {1}, tokens {2}, insecure {3}")
    @CsvSource({
        "127.0.0.1:7700, false, false, false, ''",
        "'[::1]:7700',   false, false, false, ''",
        "127.9.9.9:1,    false, true,  false, ''",
        "0.0.0.0:7700,   true,  true,  false, ''",
        "0.0.0.0:7700,   false, false, true,  ''",
        "0.0.0.0:7700,   true,  false, true,  ''",
        "0.0.0.0:7700,   false, false, false, 'set tls.cert, tls.key and auth.mode: token (dormouse server init-tls'",
        "192.0.2.1:7700, false, false, false, 'set tls.cert, tls.key and auth.mode: token (dormouse server init-tls'",
        "'[::]:7700',    false, false, false, 'set tls.cert, tls.key and auth.mode: token (dormouse server init-tls'",
        "0.0.0.0:7700,   true,  false, false, 'set auth.mode: token, or bind 127.0.0.1'",
        "0.0.0.0:7700,   false, true,  false, 'set tls.cert and tls.key (dormouse server init-tls DIR'"
    })
    void aDoorBeyondLoopbackTakesTlsAndTokens(
            String address, boolean encrypted, boolean tokens, boolean insecure, String complaint) {
        Settings settings =
                file("grpc: {address: '" + address + "'}", "insecure: " + insecure, encrypted ? tls() : "# no TLS");
        Reach reach = Reach.of(settings);
        Settings grpc = settings.section("grpc");
        InetSocketAddress asked = Addresses.parse(grpc, "address", "");

        if (complaint.isEmpty()) {
            assertThatCode(() -> reach.check(grpc, asked, tokens)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> reach.check(grpc, asked, tokens))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageStartingWith("server.yaml:1: grpc.address: \"" + address + "\" is beyond loopback")
                    .hasMessageContaining(complaint)
                    .hasMessageContaining("insecure: true");
        }
    }

    @Test
    void bothDoorsAreLookedAtAndWhoInsistsIsWarned() {
        for (String door : new String[] {"grpc", "http"}) {
            String line = door + ": {address: '0.0.0.0:0'}";
            assertThatThrownBy(() -> ServerConfig.of(file(line)))
                    .hasMessageStartingWith("server.yaml:1: " + door + ".address: ");
            assertThat(ServerConfig.of(file(line, "insecure: true")).beyondLoopback())
                    .isTrue();
        }
        Reach plain = Reach.of(file("insecure: true"));
        assertThat(plain.warning(false)).contains("no TLS, no tokens");
        assertThat(plain.warning(true)).contains("no TLS");
        assertThat(Reach.of(file(tls())).warning(false)).contains("no tokens");
        assertThat(Reach.of(file(tls())).warning(true)).isNull();
    }

    private static void assertRefused(String message, String line) {
        assertThatThrownBy(() -> ServerConfig.of(file(line)))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("server.yaml:1: ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("BEGIN PRIVATE KEY-----\n");
    }

    @Test
    void certificatesThatCantBeUsedAreRefusedWithKeyFileAndRule() throws Exception {
        HomeFiles other = HomeTls.in(folder.resolve("other")).files();
        Path nonsense = Files.writeString(folder.resolve("nonsense.pem"), "hello");
        Path old = Files.writeString(
                folder.resolve("old.key"), "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");

        assertRefused("and tls.key is missing", "tls: {cert: " + files.server() + "}");
        assertRefused("and tls.cert is missing", "tls: {key: " + files.serverKey() + "}");
        assertRefused(
                "tls.clientCa: \"" + files.authority() + "\" takes tls.cert",
                "tls: {clientCa: " + files.authority() + "}");
        assertRefused(
                "tls.cert: \"" + folder + "/none.crt\" is not there",
                "tls: {cert: " + folder + "/none.crt, key: " + files.serverKey() + "}");
        assertRefused(
                "tls.cert: \"" + nonsense + "\" holds no certificate in PEM form",
                "tls: {cert: " + nonsense + ", key: " + files.serverKey() + "}");
        assertRefused(
                "tls.key: \"" + nonsense + "\" holds no private key in PEM form",
                "tls: {cert: " + files.server() + ", key: " + nonsense + "}");
        assertRefused("openssl pkcs8 -topk8", "tls: {cert: " + files.server() + ", key: " + old + "}");
        assertRefused(
                "tls.key: \"" + other.serverKey() + "\" holds a key that does not fit the certificate of",
                "tls: {cert: " + files.server() + ", key: " + other.serverKey() + "}");
        assertRefused(
                "tls.clientCa: \"" + nonsense + "\" holds no certificate",
                "tls: {cert: " + files.server() + ", key: " + files.serverKey() + ", clientCa: " + nonsense + "}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "connections: 0",
                "connectionsPerAddress: 0",
                "handshakeTimeout: 0",
                "headTimeout: 2h",
                "idleTimeout: x",
                "keepAlive: 0",
                "keepAliveTimeout: 0"
            })
    void limitsOfConnectionsHaveTheirBounds(String wrong) {
        assertThatThrownBy(() -> ServerConfig.of(file("limits: {" + wrong + "}")))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("server.yaml:1: limits." + wrong.split(":")[0] + ": ");
    }

    @Test
    void oneAddressMayHaveAllConnectionsWhereThereAreFew() {
        var limits = Reach.of(file("limits: {connections: 10}")).connections();
        assertThat(Arrays.asList(limits.connections(), limits.perAddress())).containsExactly(10, 10);
    }
}
