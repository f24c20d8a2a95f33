package dormouse.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrecedenceTest {
    private static final Map<String, String> ENV = Map.of(
            "DORMOUSE_LIFECYCLE_HEARTBEATTIMEOUT", "2s",
            "dormouse_limits_agents", "7",
            "DORMOUSE_TLS", "true",
            "DORMOUSE_ARGS", "[a, 'b c']",
            "DORMOUSE_BAD", "x",
            "DORMOUSE_SOMETHING_ELSE", "ignored");

    private static Settings file(String yaml) {
        return Settings.parse("f.yaml", yaml, Map.of()).environment("DORMOUSE", ENV);
    }

    private static Duration heartbeatTimeout(Settings settings) {
        return settings.section("lifecycle")
                .duration("heartbeatTimeout", Duration.ofSeconds(90), Duration.ZERO, Duration.ofDays(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[::1]:7701", "[::]:0", "[fe80::1%eth0]:7701"})
    void an_address_of_IPv6_is_none_of_the_lists_that_it_looks_like(String address) {
        assertThat(Settings.empty("no file")
                        .set("http.address", address, "--set")
                        .section("http")
                        .text("address", ""))
                .isEqualTo(address);
    }

    @Test
    void the_environment_wins_over_the_file_and_a_flag_over_both() {
        String yaml = "lifecycle: {heartbeatTimeout: 1s}\n";
        assertThat(heartbeatTimeout(Settings.parse("f.yaml", yaml, ENV))).hasSeconds(1);
        assertThat(heartbeatTimeout(file(yaml))).hasSeconds(2);
        assertThat(heartbeatTimeout(file(yaml).set("lifecycle.heartbeatTimeout", "3s", "--set")))
                .hasSeconds(3);
        Settings flagFirst = Settings.parse("f.yaml", yaml, Map.of())
                .set("lifecycle.heartbeatTimeout", "3s", "--set")
                .environment("DORMOUSE_", ENV);
        assertThat(heartbeatTimeout(flagFirst)).hasSeconds(3);
    }

    @Test
    void flags_and_environment_need_no_file() {
        Settings settings =
                Settings.empty("no file").environment("DORMOUSE", ENV).set("a.b.c", "d", "--set");
        assertThat(heartbeatTimeout(settings)).hasSeconds(2);
        assertThat(settings.section("limits").integer("agents", 1, 1, 10)).isEqualTo(7);
        assertThat(settings.isScalar("tls")).isTrue();
        assertThat(settings.textList("args")).containsExactly("a", "b c");
        assertThat(settings.section("a").section("b").required("c")).isEqualTo("d");
        settings.rejectUnknown();
        assertThatThrownBy(() -> settings.required("name")).hasMessage("no file: name is required");
    }

    @Test
    void the_last_flag_wins_and_an_empty_one_takes_the_value_away() {
        Settings settings = file("name: a\nlist: [{n: 1}]\ntls: true\n")
                .set("name", "b", "--set")
                .set("name", "c", "--set")
                .set("list", "[{n: 2}, {n: 3}]", "--set")
                .set("tls.ca", "x", "--set");
        assertThat(settings.required("name")).isEqualTo("c");
        assertThat(settings.list("list")).hasSize(2);
        assertThat(settings.section("tls").required("ca")).isEqualTo("x");
        assertThat(settings.isScalar("tls")).isFalse();
        assertThat(file("name: a\n").set("name", "", "--set").has("name")).isFalse();
    }

    @Test
    void a_flag_is_plain_text_unless_it_begins_like_a_collection() {
        Settings settings = Settings.empty("")
                .set("url", "jdbc:h2:file:./x;A=B # c", "--set")
                .set("star", "*", "--set")
                .set("quoted", "\" padded \"", "--set")
                .set("address", "127.0.0.1:0", "--set")
                .set("dollar", "${HOME}", "--set");
        assertThat(settings.required("url")).isEqualTo("jdbc:h2:file:./x;A=B # c");
        assertThat(settings.required("star")).isEqualTo("*");
        assertThat(settings.required("quoted")).isEqualTo(" padded ");
        assertThat(settings.required("address")).isEqualTo("127.0.0.1:0");
        assertThat(settings.required("dollar")).isEqualTo("${HOME}");
    }

    @Test
    void an_error_names_the_flag_or_the_variable() {
        Settings settings = file("lists: [1]\nbad: 5\n").set("n", "x", "--set");
        assertThatThrownBy(() -> settings.integer("n", 1, 1, 2)).hasMessage("--set: n: \"x\" is not a whole number");
        assertThatThrownBy(() -> settings.integer("bad", 1, 1, 2))
                .hasMessage("DORMOUSE_BAD: bad: \"x\" is not a whole number");
        assertThatThrownBy(() -> settings.set("lists.a", "1", "--set"))
                .hasMessage("--set: lists.a: lists is a list, which is set as a whole");
        assertThatThrownBy(() -> settings.set("a..b", "1", "--set"))
                .hasMessage("--set: \"a..b\" is not a key (section.key)");
        assertThatThrownBy(() -> settings.set("a", "[1", "--set"))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("--set: not valid YAML: ");
        assertThatThrownBy(() -> settings.set("a", "{b: 1, b: 2}", "--set")).hasMessage("--set: \"b\" is set twice");
    }
}
