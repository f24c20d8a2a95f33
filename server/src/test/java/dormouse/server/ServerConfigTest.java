package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.server.auth.AuthConfig;
import dormouse.server.fleet.Declaration;
import dormouse.server.relay.WakeGate.WhenUnwanted;
import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every key of the server's file: its default, what it sets, its bounds, and what is said of a wrong one. */
class ServerConfigTest {
    private static ServerConfig defaults() {
        return ServerConfig.of(Settings.empty("defaults"));
    }

    private static ServerConfig file(String... lines) {
        return ServerConfig.of(Settings.parse("server.yaml", String.join("\n", lines), Map.of()));
    }

    private static void assertRefused(String message, String... lines) {
        assertThatThrownBy(() -> file(lines))
                .isInstanceOf(SettingsException.class)
                .hasMessage(message);
    }

    @Test
    void whoSaysNothingGetsTheDefaults() {
        ServerConfig config = defaults();

        assertThat(Addresses.text(config.grpc())).isEqualTo("127.0.0.1:7700");
        assertThat(config.database().url()).isEqualTo("jdbc:h2:file:./dormouse-data/dormouse");
        assertThat(config.database().user()).isNull();
        assertThat(config.database().password()).isNull();
        assertThat(config.terms().heartbeatInterval()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.terms().heartbeatTimeout()).isEqualTo(Duration.ofSeconds(90));
        assertThat(config.terms().inactiveRetention()).isEqualTo(Duration.ofHours(4));
        assertThat(config.sweepInterval()).isEqualTo(Duration.ofSeconds(15));
        assertThat(config.historyRetention()).isEqualTo(Duration.ofDays(30));
        assertThat(config.usageRetention()).isEqualTo(Duration.ofDays(30));
        assertThat(config.deadlines().queue()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.deadlines().wake()).isNull();
        assertThat(config.deadlines().firstByte()).isEqualTo(Duration.ofMinutes(5));
        assertThat(config.deadlines().idle()).isEqualTo(Duration.ofSeconds(60));
        assertThat(config.deadlines().total()).isEqualTo(Duration.ofMinutes(30));
        assertThat(config.limits().requestBytes()).isEqualTo(32 << 20);
        assertThat(config.limits().bufferedBytes()).isEqualTo(512 << 20);
        assertThat(config.limits().windowBytes()).isEqualTo(64 << 10);
        assertThat(config.limits().queuePerLlm()).isEqualTo(64);
        assertThat(config.limits().waitersPerLlm()).isEqualTo(1024);
        assertThat(config.agents()).isEqualTo(20_000);
        assertThat(config.whenUnwanted()).isEqualTo(WhenUnwanted.CONTINUE);
        assertThat(config.replica()).isEqualTo("main");
        assertThat(config.beyondLoopback()).isFalse();
    }

    @Test
    void everyKeySetsWhatItSays() {
        ServerConfig config = file(
                "grpc: {address: '127.0.0.2:1'}",
                "http: {address: '127.0.0.1:0', cors: ['https://chat.example.org']}",
                "database: {url: 'jdbc:postgresql://db/dormouse', user: u, password: p}",
                "lifecycle:",
                "  heartbeatInterval: 1s",
                "  heartbeatTimeout: 4s",
                "  inactiveRetention: 1h",
                "  sweepInterval: 500ms",
                "  historyRetention: 2d",
                "  resumeGrace: 0",
                "deadlines: {queue: 1s, firstByte: 2s, idle: 3s, total: 4m}",
                "limits:",
                "  requestBytes: 1MiB",
                "  bufferedBytes: 2MiB",
                "  windowBytes: 16KiB",
                "  queuePerLlm: 0",
                "  waitersPerLlm: 7",
                "  tasksPerClient: 8",
                "  requestsPerSecond: 10",
                "  agents: 9",
                "usage: {retention: 0}",
                "auth: {mode: token, openMetrics: true, auditRetention: 7d}",
                "wake: {whenUnwanted: cancel}",
                "replica: {id: left}");

        assertThat(Addresses.text(config.grpc())).isEqualTo("127.0.0.2:1");
        assertThat(config.database()).isEqualTo(new ServerConfig.Store("jdbc:postgresql://db/dormouse", "u", "p"));
        assertThat(config.terms().heartbeatInterval()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.terms().heartbeatTimeout()).isEqualTo(Duration.ofSeconds(4));
        assertThat(config.terms().inactiveRetention()).isEqualTo(Duration.ofHours(1));
        assertThat(config.http().address().getPort()).isZero();
        assertThat(config.http().cors()).containsExactly("https://chat.example.org");
        assertThat(config.sweepInterval()).isEqualTo(Duration.ofMillis(500));
        assertThat(config.historyRetention()).isEqualTo(Duration.ofDays(2));
        assertThat(config.usageRetention()).isEqualTo(Duration.ZERO);
        assertThat(config.deadlines().queue()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.deadlines().firstByte()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.deadlines().idle()).isEqualTo(Duration.ofSeconds(3));
        assertThat(config.deadlines().total()).isEqualTo(Duration.ofMinutes(4));
        assertThat(config.limits().requestBytes()).isEqualTo(1 << 20);
        assertThat(config.limits().bufferedBytes()).isEqualTo(2 << 20);
        assertThat(config.limits().windowBytes()).isEqualTo(16 << 10);
        assertThat(config.limits().queuePerLlm()).isZero();
        assertThat(config.limits().waitersPerLlm()).isEqualTo(7);
        assertThat(config.agents()).isEqualTo(9);
        assertThat(config.auth())
                .isEqualTo(new AuthConfig(AuthConfig.Mode.TOKEN, true, Duration.ofDays(7), 8, 10, null));
        assertThat(config.whenUnwanted()).isEqualTo(WhenUnwanted.CANCEL);
        assertThat(config.replica()).isEqualTo("left");
    }

    @Test
    void aShortTimeOutBringsAShortIntervalWithIt() {
        assertThat(file("lifecycle: {heartbeatTimeout: 3s}").terms().heartbeatInterval())
                .isEqualTo(Duration.ofSeconds(1));
        assertThat(file("lifecycle: {heartbeatTimeout: 10m}").terms().heartbeatInterval())
                .isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void aTimeOutThatIsNotLongerThanTheIntervalIsRefused() {
        assertRefused(
                "server.yaml:3: lifecycle.heartbeatTimeout: \"30s\" has to be longer than heartbeatInterval, 30000 ms;"
                        + " three times as long is usual",
                "lifecycle:",
                "  heartbeatInterval: 30s",
                "  heartbeatTimeout: 30s");
    }

    @Test
    void aLargeRequestLimitTakesTheLimitOfAllWithIt() {
        assertThat(file("limits: {requestBytes: 1GiB}").limits().bufferedBytes())
                .isEqualTo(1 << 30);
    }

    @Test
    void anErrorNamesPlaceKeyValueAndRule() {
        assertRefused(
                "server.yaml:2: lifecycle.heartbeatTimeout: \"abc\" is not a duration (500ms, 2s, 5m, 4h, 1d)",
                "lifecycle:",
                "  heartbeatTimeout: abc");
        assertRefused("server.yaml:1: limits.agents: \"0\" is not between 1 and 1000000", "limits: {agents: 0}");
        assertRefused(
                "server.yaml:1: limits.requestBytes: \"1\" is not between 1KiB and 1GiB", "limits: {requestBytes: 1}");
        assertRefused(
                "server.yaml:1: limits.windowBytes: \"many\" is not a size (65536, 64KiB, 32MiB, 1GiB)",
                "limits: {windowBytes: many}");
        assertRefused(
                "server.yaml:1: wake.whenUnwanted: \"stop\" is not one of continue, cancel",
                "wake: {whenUnwanted: stop}");
        assertRefused(
                "server.yaml:1: grpc.address: \"7700\" is not HOST:PORT (127.0.0.1:7700; port 0 picks a free one)",
                "grpc: {address: 7700}");
        assertRefused(
                "server.yaml:1: database.url: \"mysql://x\" does not begin with jdbc:h2: or jdbc:postgresql:",
                "database: {url: 'mysql://x'}");
        assertRefused(
                "server.yaml:1: database.url: \"postgres://…@db/x\" does not begin with jdbc:h2: or jdbc:postgresql:",
                "database: {url: 'postgres://bob:geheim@db/x'}");
        assertRefused(
                "server.yaml:1: auth.keyDir: \"keys\" is not the absolute path of a directory on the server",
                "auth: {keyDir: keys}");
        assertRefused(
                "server.yaml:1: auth.keyDir: \"/no/keys\" is not the absolute path of a directory on the server",
                "auth: {keyDir: /no/keys}");
    }

    @ParameterizedTest
    @CsvSource({
        "lifecycle.heartbeatTimeout, 0",
        "lifecycle.heartbeatInterval, 0",
        "lifecycle.inactiveRetention, 366d",
        "lifecycle.sweepInterval, 0",
        "lifecycle.historyRetention, 59s",
        "lifecycle.resumeGrace, -1s",
        "usage.retention, 366d",
        "deadlines.queue, 0",
        "deadlines.firstByte, 0",
        "deadlines.idle, 0",
        "deadlines.total, 400d",
        "limits.bufferedBytes, 31MiB",
        "limits.windowBytes, 15KiB",
        "limits.windowBytes, 17MiB",
        "limits.queuePerLlm, -1",
        "limits.waitersPerLlm, 0",
        "limits.tasksPerClient, 0",
        "limits.requestsPerSecond, -1",
        "auth.auditRetention, 59s",
        "auth.mode, tokens",
        "limits.agents, 1000001",
        "grpc.address, localhost",
        "grpc.address, 127.0.0.1:70000",
        "grpc.address, no.such.host.invalid:1",
        "http.address, :7701",
        "http.cors, chat.example.org",
    })
    void whatIsBeyondItsBoundsIsRefused(String key, String value) {
        assertThatThrownBy(() -> ServerConfig.of(Settings.empty("test").set(key, value, "--set")))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("--set: " + key + ": \"" + value + "\" ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc: {adress: x}", "lifecyle: {}", "limits: {queue: 1}", "nothing: 1"})
    void anUnknownKeyIsRefusedWithTheNearestOne(String line) {
        assertThatThrownBy(() -> file(line))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("server.yaml:1: ")
                .hasMessageContaining("unknown key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "localhost:7700", "[::1]:7700", "127.9.9.9:1"})
    void anAddressOnLoopbackNeedsNoInsisting(String address) {
        assertThat(file("grpc: {address: '" + address + "'}").beyondLoopback()).isFalse();
    }

    @Test
    void flagsWinOverTheEnvironmentAndTheEnvironmentOverTheFile() {
        Function<Settings, Integer> agents =
                settings -> ServerConfig.of(settings).agents();
        String yaml = "limits: {agents: 1}";
        Map<String, String> env = Map.of("DORMOUSE_LIMITS_AGENTS", "2", "DORMOUSE_SERVER", "somewhere:7700");

        assertThat(agents.apply(Settings.parse("f", yaml, Map.of()))).isEqualTo(1);
        assertThat(agents.apply(Settings.parse("f", yaml, Map.of()).environment("DORMOUSE_", env)))
                .isEqualTo(2);
        assertThat(agents.apply(Settings.parse("f", yaml, Map.of())
                        .environment("DORMOUSE_", env)
                        .set("limits.agents", "3", "--set")))
                .isEqualTo(3);
    }

    @Test
    void aWrongVariableIsNamed() {
        assertThatThrownBy(() -> ServerConfig.of(Settings.empty("defaults")
                        .environment("DORMOUSE_", Map.of("DORMOUSE_LIFECYCLE_HEARTBEATTIMEOUT", "soon"))))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("DORMOUSE_LIFECYCLE_HEARTBEATTIMEOUT")
                .hasMessageContaining("lifecycle.heartbeatTimeout: \"soon\"");
    }

    @Test
    void aSecretComesFromTheEnvironment() {
        Settings settings =
                Settings.parse("server.yaml", "database: {user: u, password: '${SECRET}'}", Map.of("SECRET", "s3cret"));

        assertThat(ServerConfig.of(settings).database().password()).isEqualTo("s3cret");
    }

    @Test
    void publicLlmsAreReadWithTheirDefaults() {
        ServerConfig config = file(
                "llms: [{name: a, url: 'http://h:1/v1/'},"
                        + " {name: b, url: 'https://h', model: m, keyEnv: DORMOUSE_KEY_B, concurrency: 9, pool: p, type: vllm}]");
        Declaration a = config.llms().get(0);
        assertThat(a.name().value() + " " + a.url() + " " + a.spec().model() + " "
                        + a.spec().concurrency())
                .isEqualTo("a http://h:1/v1 a 4");
        assertThat(a.origin()).isEqualTo(Declaration.Origin.FILE);
        Declaration b = config.llms().get(1);
        assertThat(b.spec().model() + " " + b.spec().pool() + " " + b.spec().type() + " " + b.keyEnv())
                .isEqualTo("m p vllm DORMOUSE_KEY_B");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name | [{url: 'http://h'}]",
                "name | [{name: 'a b', url: 'http://h'}]",
                "name | [{name: a, url: 'http://h'}, {name: a, url: 'http://h'}]",
                "url | [{name: a}]",
                "url | [{name: a, url: 'ftp://h'}]",
                "concurrency | [{name: a, url: 'http://h', concurrency: 0}]",
                "type | [{name: a, url: 'http://h', type: gguf}]",
                "pool | [{name: a, url: 'http://h', pool: a}]",
                "pool | [{name: a, url: 'http://h', pool: b}, {name: b, url: 'http://h'}]",
                "labels | [{name: a, url: 'http://h', labels: {LONG: x}}]",
                "keyEnv | [{name: a, url: 'http://h', keyEnv: sk-secret}]",
                "keyFile | [{name: a, url: 'http://h', keyFile: sk-secret}]",
                "keyFile | [{name: a, url: 'http://h', keyFile: /secret, keyEnv: DORMOUSE_KEY_A}]",
                "unknown key | [{name: a, url: 'http://h', wake: {type: http}}]"
            })
    void aPublicLlmThatIsWrongIsNamedWithItsKeyAndNoSecretIsShown(String line) {
        String[] sides = line.split(" \\| ", 2);
        assertThatThrownBy(() -> file("llms: " + sides[1].replace("LONG", "l".repeat(64))))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("server.yaml:1: llms")
                .hasMessageContaining(sides[0])
                .hasMessageNotContaining("secret");
    }
}
