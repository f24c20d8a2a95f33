package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AgentConfigTest {
    private static final Path HOME = Path.of("/home/ana");

    @TempDir
    Path dir;

    private static AgentConfig read(String yaml) {
        return AgentConfigReader.read(
                Settings.parse("agent.yaml", yaml, Map.of("UPSTREAM_KEY", "sk-1", "DORMOUSE_TOKEN", "dmt_1")), HOME);
    }

    @Test
    void the_file_of_the_manual_is_read_whole() {
        AgentConfig config = read("""
                server: localhost:7700
                tls: false
                token: ${DORMOUSE_TOKEN}
                name: ana-desk
                stateDir: ~/.local/state/dormouse
                llms:
                  - name: qwen3-8b
                    url: http://localhost:11434/v1/
                    model: qwen3:8b
                    type: ollama
                    apiKey: ${UPSTREAM_KEY}
                    pool: qwen3
                    concurrency: 8
                    labels: {gpu: rtx4090}
                    available: {url: /models, timeoutSeconds: 3}
                    wake:
                      type: http
                      url: http://localhost:9000/start
                      method: put
                      headers: {X-Key: abc}
                      body: '{"profile":"big"}'
                      maxWaitSeconds: 90
                    sleep: {type: http, url: "http://localhost:8000/sleep?level=1", idleAfterSeconds: 600}
                    policy: {quietHours: "23:00-07:00", maxWakesPerHour: 12}
                  - name: small
                    url: https://backend.example:8443
                    type: llama.cpp
                    wake: {type: command, command: systemctl, args: [start, vllm]}
                  - name: far
                    url: http://10.0.0.5:8000/v1
                    available: {url: "http://10.0.0.5:9/up"}
                    wake: {type: wol, mac: "aa:bb:cc:dd:ee:ff"}
                discover: false
                """);

        assertThat(config.servers()).containsExactly("localhost:7700");
        assertThat(config.token()).isEqualTo(new Secret("dmt_1"));
        assertThat(config.stateDir()).isEqualTo(HOME.resolve(".local/state/dormouse"));
        assertThat(config.discover()).isFalse();
        assertThat(config.llms().get(0))
                .isEqualTo(new LlmConfig(
                        "qwen3-8b",
                        URI.create("http://localhost:11434/v1"),
                        "qwen3:8b",
                        BackendType.OLLAMA,
                        new Secret("sk-1"),
                        "qwen3",
                        8,
                        Map.of("gpu", "rtx4090"),
                        new LlmConfig.Available(URI.create("http://localhost:11434/v1/models"), Duration.ofSeconds(3)),
                        new LlmConfig.Wake(
                                new Recipe.Http(
                                        URI.create("http://localhost:9000/start"),
                                        "PUT",
                                        Map.of("X-Key", "abc", "content-type", "application/json"),
                                        "{\"profile\":\"big\"}"),
                                Duration.ofSeconds(90)),
                        new LlmConfig.Sleep(
                                new Recipe.Http(
                                        URI.create("http://localhost:8000/sleep?level=1"), "POST", Map.of(), ""),
                                Duration.ofSeconds(60),
                                Duration.ofSeconds(600)),
                        new LlmConfig.Policy(QuietHours.parse("23:00-07:00"), 12)));
        assertThat(config.llms().get(1).model()).isEqualTo("small");
        assertThat(config.llms().get(1).type()).isEqualTo(BackendType.LLAMA_CPP);
        assertThat(config.llms().get(1).wake())
                .isEqualTo(new LlmConfig.Wake(
                        new Recipe.Command("systemctl", List.of("start", "vllm")), Duration.ofSeconds(60)));
        assertThat(config.llms().get(2).wake())
                .isEqualTo(new LlmConfig.Wake(
                        new Recipe.WakeOnLan("aa:bb:cc:dd:ee:ff", "255.255.255.255", 9), Duration.ofSeconds(60)));
        assertThat(config.llms().get(2).available().url()).isEqualTo(URI.create("http://10.0.0.5:9/up"));
    }

    private static Recipe.ReadyMade made(BackendType kind, Recipe.ReadyMade.Action action) {
        return new Recipe.ReadyMade(kind, action, URI.create("http://x:1"), "m", null);
    }

    @ParameterizedTest
    @EnumSource(value = BackendType.class, mode = EnumSource.Mode.EXCLUDE, names = "OPENAI")
    void one_word_is_the_recipes_of_a_kind_and_the_kind(BackendType kind) {
        LlmConfig llm = read("llms: [{name: a, url: 'http://x:1/v1', model: m, recipe: " + kind + "}]")
                .llms()
                .get(0);

        assertThat(llm.type()).isEqualTo(kind);
        assertThat(llm.wake())
                .isEqualTo(new LlmConfig.Wake(made(kind, Recipe.ReadyMade.Action.WAKE), Duration.ofSeconds(60)));
        assertThat(llm.sleep())
                .isEqualTo(
                        new LlmConfig.Sleep(made(kind, Recipe.ReadyMade.Action.SLEEP), Duration.ofSeconds(60), null));
    }

    @Test
    void ready_made_recipes_and_written_ones_go_together() {
        List<LlmConfig> llms = read("""
                llms:
                  - {name: a, url: "http://x:1/v1", model: m, recipe: ollama, sleep: {idleAfterSeconds: 600}}
                  - name: b
                    url: http://x:1/v1
                    model: m
                    wake: {recipe: ollama, maxWaitSeconds: 90}
                    sleep: {recipe: ollama, idleAfterSeconds: 60}
                  - {name: c, url: "http://x:1/v1", model: m, recipe: vllm, type: openai, wake: {type: command, command: boot}}
                  - {name: d, url: "http://x:1/v1", model: m, wake: {recipe: lmstudio}}
                """).llms();

        assertThat(llms.get(0).sleep())
                .isEqualTo(new LlmConfig.Sleep(
                        made(BackendType.OLLAMA, Recipe.ReadyMade.Action.SLEEP),
                        Duration.ofSeconds(60),
                        Duration.ofMinutes(10)));
        assertThat(llms.get(1).type()).isEqualTo(BackendType.OLLAMA);
        assertThat(llms.get(1).wake())
                .isEqualTo(new LlmConfig.Wake(
                        made(BackendType.OLLAMA, Recipe.ReadyMade.Action.WAKE), Duration.ofSeconds(90)));
        assertThat(llms.get(1).sleep().idleAfter()).isEqualTo(Duration.ofMinutes(1));
        assertThat(llms.get(2).type()).isEqualTo(BackendType.OPENAI);
        assertThat(llms.get(2).wake().recipe()).isEqualTo(new Recipe.Command("boot", List.of()));
        assertThat(llms.get(2).sleep().recipe()).isEqualTo(made(BackendType.VLLM, Recipe.ReadyMade.Action.SLEEP));
        assertThat(llms.get(3).isSleepable()).isFalse();
    }

    @Test
    void what_is_discovered_can_be_told() {
        assertThat(read("").discoverPorts()).containsExactly(11434, 1234, 8080, 8000);
        AgentConfig both =
                read("{discover: true, discoverPorts: [11435, 9000, 11435], llms: [{name: a, url: 'http://x/v1'}]}");
        assertThat(both.discover()).isTrue();
        assertThat(both.discoverPorts()).containsExactly(11435, 9000);
        assertThat(read("llms: [{name: a, url: 'http://x/v1'}]").discover()).isFalse();
        assertThat(read("discover: false").discover()).isFalse();
    }

    @Test
    void nothing_at_all_is_a_configuration_too() {
        AgentConfig config = read("");
        assertThat(config.servers()).containsExactly("localhost:7700");
        assertThat(config.discover()).isTrue();
        assertThat(config.llms()).isEmpty();
        assertThat(config.name()).isNotBlank();
    }

    @Test
    void secrets_are_not_shown() {
        assertThat(read("token: ${DORMOUSE_TOKEN}").toString()).doesNotContain("dmt_1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "agent.yaml:1: servr | servr: a",
                "server: \"lab.example:7700\" without TLS | server: lab.example:7700",
                "server: | server: 'localhost:7700, 10.0.0.1:7700'",
                "server: | server: 'localhost:99999'",
                "server: | server: 'a b'",
                "tls.ca: | tls: {ca: /nonexistent/ca.pem}",
                "token: | token: 'two words'",
                "tokenFile: | tokenFile: /nonexistent/token",
                "name | llms: [{url: 'http://x/v1'}]",
                "name: \"a b\" | llms: [{name: 'a b', url: 'http://x/v1'}]",
                "url | llms: [{name: a}]",
                "url: \"localhost:11434\" | llms: [{name: a, url: 'localhost:11434'}]",
                "url: | llms: [{name: a, url: 'ftp://x/v1'}]",
                "url: | llms: [{name: a, url: 'http://x/v1?k=1'}]",
                "type: \"olama\" | llms: [{name: a, url: 'http://x/v1', type: olama}]",
                "concurrency: \"0\" | llms: [{name: a, url: 'http://x/v1', concurrency: 0}]",
                "concurrency: \"many\" | llms: [{name: a, url: 'http://x/v1', concurrency: many}]",
                "wake.type: \"smoke\" | llms: [{name: a, url: 'http://x/v1', wake: {type: smoke}}]",
                "wake: url is required | llms: [{name: a, url: 'http://x/v1', wake: {type: http}}]",
                "wake: command is required | llms: [{name: a, url: 'http://x/v1', wake: {type: command}}]",
                "wake.mac: \"aa:bb\" | llms: [{name: a, url: 'http://x/v1', wake: {type: wol, mac: 'aa:bb'}}]",
                "wake.args | llms: [{name: a, url: 'http://x/v1', wake: {type: http, url: 'http://y', args: [b]}}]",
                "wake.maxWaitSeconds | llms: [{name: a, url: 'http://x/v1', wake: {url: 'http://y', maxWaitSeconds: 0}}]",
                "headers | llms: [{name: a, url: 'http://x/v1', wake: {url: 'http://y', headers: {'a b': c}}}]",
                "sleep: | llms: [{name: a, url: 'http://x/v1', sleep: {url: 'http://y'}}]",
                "quietHours: \"23:00-23:00\" | llms: [{name: a, url: 'http://x/v1', policy: {quietHours: '23:00-23:00'}}]",
                "maxWakesPerHour: \"0\" | llms: [{name: a, url: 'http://x/v1', policy: {maxWakesPerHour: 0}}]",
                "recipe: \"openai\" is not one of ollama, llama.cpp, lmstudio, vllm | llms: [{name: a, url: 'http://x/v1', recipe: openai}]",
                "wake.recipe: \"olama\" | llms: [{name: a, url: 'http://x/v1', wake: {recipe: olama}}]",
                "wake.url: \"http://y\" does not go with recipe: ollama | llms: [{name: a, url: 'http://x/v1', wake: {recipe: ollama, url: 'http://y'}}]",
                "sleep.command: \"stop\" does not go | llms: [{name: a, url: 'http://x/v1', recipe: vllm, sleep: {recipe: vllm, command: stop}}]",
                "sleep: | llms: [{name: a, url: 'http://x/v1', sleep: {recipe: ollama}}]",
                "discoverPorts: | discoverPorts: [0]",
                "discoverPorts: | discoverPorts: [99999]",
                "discoverPorts: | discoverPorts: 8080",
                "quietHours: \"late\" | llms: [{name: a, url: 'http://x/v1', policy: {quietHours: late}}]",
                "name: \"a\" | llms: [{name: a, url: 'http://x/v1'}, {name: a, url: 'http://y/v1'}]",
                "pool b | llms: [{name: a, url: 'http://x/v1', pool: b}, {name: b, url: 'http://y/v1'}]",
            })
    void what_is_wrong_is_refused_with_its_place(String expected, String yaml) {
        assertThatThrownBy(() -> read(yaml))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("agent.yaml:1")
                .hasMessageContaining(expected)
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1:1 | server: '127.0.0.1:1'",
                "[::1]:7700 | server: '[::1]'",
                "lab.example:7700 | {server: lab.example, insecure: true}",
                "lab.example:443 | {server: 'lab.example:443', tls: true}",
            })
    void a_server_beyond_this_machine_needs_tls_or_a_word(String address, String yaml) {
        assertThat(read(yaml).servers()).containsExactly(address);
    }

    @Test
    void the_token_may_stand_in_a_file() throws IOException {
        Path file = Files.writeString(dir.resolve("token"), "dmt_2\n");
        assertThat(read("tokenFile: " + file).token()).isEqualTo(new Secret("dmt_2", file));
        assertThatThrownBy(() -> read("{token: a, tokenFile: " + file + "}")).hasMessageContaining("tokenFile");
    }

    @Test
    void flags_win_over_the_environment_and_that_over_the_file() throws IOException {
        Path file = Files.writeString(dir.resolve("agent.yaml"), "{name: file, server: 'localhost:1'}");
        ConfigSource source = ConfigSource.of(
                Arguments.parse("--config", file.toString(), "--set", "server=localhost:3", "--set=discover=true"),
                Map.of("DORMOUSE_AGENT_SERVER", "localhost:2", "DORMOUSE_AGENT_NAME", "env"),
                HOME);
        AgentConfig config = source.read();
        assertThat(config.servers()).containsExactly("localhost:3");
        assertThat(config.name()).isEqualTo("env");
    }

    @Test
    void a_changed_file_is_published_and_a_wrong_one_changes_nothing() throws IOException {
        Path file = Files.writeString(dir.resolve("agent.yaml"), "llms: [{name: a, url: 'http://x/v1'}]");
        ConfigSource source = new ConfigSource(file, List.of(), Map.of(), HOME);
        List<List<String>> published = new CopyOnWriteArrayList<>();
        try (ConfigWatch watch = new ConfigWatch(
                source,
                source.read(),
                read -> published.add(read.llms().stream().map(LlmConfig::name).toList()))) {
            watch.start(Duration.ofMillis(20));
            replace(file, "llms: [{name: a}]");
            watch.readNow();
            replace(file, "llms: [{name: a, url: 'http://x/v1'}, {name: b, url: 'http://x/v1'}]");
            Awaitility.await().untilAsserted(() -> assertThat(published).contains(List.of("a", "b")));
        }
        assertThat(published).containsOnly(List.of("a", "b"));
    }

    private void replace(Path file, String text) throws IOException {
        Files.move(
                Files.writeString(dir.resolve("new"), text),
                file,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
