package dormouse.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    private static final Duration MAX = Duration.ofDays(1);

    private enum Type {
        OPENAI,
        LLAMA_CPP {
            @Override
            public String toString() {
                return "llama.cpp";
            }
        },
        LM_STUDIO
    }

    private static Settings yaml(String yaml) {
        return Settings.parse("f.yaml", yaml, Map.of("KEY", "s3cret", "EMPTY", ""));
    }

    private static void refuses(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(SettingsException.class).hasMessage(message);
    }

    @Test
    void every_kind_of_value_is_read() {
        Settings settings = yaml("""
                name: ana-desk
                count: 4
                on: true
                wait: {short: 500ms, none: 0, long: 4h}
                size: 64KiB
                labels: {gpu: rtx4090, n: 1, nothing: }
                args: [start, "vllm", 7]
                body: '{"profile":"big"}'
                type: llama.cpp
                other: lm-studio
                llms:
                  - name: a
                  - name: b
                """);
        assertThat(settings.required("name")).isEqualTo("ana-desk");
        assertThat(settings.integer("count", 1, 1, 10)).isEqualTo(4);
        assertThat(settings.flag("on", false)).isTrue();
        Settings wait = settings.section("wait");
        assertThat(wait.duration("short", MAX, Duration.ZERO, MAX)).isEqualTo(Duration.ofMillis(500));
        assertThat(wait.duration("none", MAX, Duration.ZERO, MAX)).isZero();
        assertThat(wait.duration("long", MAX, Duration.ZERO, MAX)).isEqualTo(Duration.ofHours(4));
        assertThat(settings.bytes("size", 0, 0, 1 << 20)).isEqualTo(65536);
        assertThat(settings.textMap("labels"))
                .containsExactly(Map.entry("gpu", "rtx4090"), Map.entry("n", "1"), Map.entry("nothing", ""));
        assertThat(settings.textList("args")).containsExactly("start", "vllm", "7");
        assertThat(settings.text("body", "")).isEqualTo("{\"profile\":\"big\"}");
        assertThat(settings.choice("type", Type.OPENAI)).isEqualTo(Type.LLAMA_CPP);
        assertThat(settings.choice("other", Type.OPENAI)).isEqualTo(Type.LM_STUDIO);
        assertThat(settings.list("llms"))
                .extracting(llm -> llm.required("name"))
                .containsExactly("a", "b");
        settings.rejectUnknown();
    }

    @Test
    void what_is_absent_or_has_nothing_written_after_it_falls_back() {
        Settings settings = yaml("a:\nb: ~\ntls: {cert: , key: }\nempty: ''\nlist:\n");
        assertThat(settings.has("a")).isFalse();
        assertThat(settings.has("tls")).isTrue();
        assertThat(settings.isScalar("a")).isFalse();
        assertThat(settings.text("a", "x")).isEqualTo("x");
        assertThat(settings.textOrNull("b")).isNull();
        assertThat(settings.textOrNull("zzz")).isNull();
        assertThat(settings.text("empty", "x")).isEmpty();
        assertThat(settings.section("tls").textOrNull("cert")).isNull();
        assertThat(settings.section("nowhere").integer("n", 3, 0, 9)).isEqualTo(3);
        assertThat(settings.list("list")).isEmpty();
        assertThat(settings.textList("list")).isEmpty();
        assertThat(settings.textMap("list")).isEmpty();
        assertThat(yaml("# nothing\n").has("a")).isFalse();
        assertThat(yaml("").choice("type", Type.OPENAI)).isEqualTo(Type.OPENAI);
    }

    @Test
    void a_value_may_be_a_scalar_or_a_section() {
        assertThat(yaml("tls: true").isScalar("tls")).isTrue();
        assertThat(yaml("tls: {ca: x}").isScalar("tls")).isFalse();
        assertThat(yaml("tls: [x]").isScalar("tls")).isFalse();
    }

    @Test
    void an_error_names_file_line_key_value_and_rule() {
        Settings settings = yaml("""
                lifecycle:
                  heartbeatTimeout: abc
                  sweepInterval: 2d
                  n: 11
                  m: 1.5
                  on: yes
                  size: 64KB
                  huge: 2MiB
                  type: cohere
                llms:
                  - name: a
                  - url: x
                    port:
                      a: b
                """);
        Settings lifecycle = settings.section("lifecycle");
        refuses(
                () -> lifecycle.duration("heartbeatTimeout", MAX, Duration.ZERO, MAX),
                "f.yaml:2: lifecycle.heartbeatTimeout: \"abc\" is not a duration (500ms, 2s, 5m, 4h, 1d)");
        refuses(
                () -> lifecycle.duration("sweepInterval", MAX, Duration.ofMillis(1500), MAX),
                "f.yaml:3: lifecycle.sweepInterval: \"2d\" is not between 1500ms and 1d");
        refuses(() -> lifecycle.integer("n", 1, 1, 10), "f.yaml:4: lifecycle.n: \"11\" is not between 1 and 10");
        refuses(() -> lifecycle.integer("m", 1, 1, 10), "f.yaml:5: lifecycle.m: \"1.5\" is not a whole number");
        refuses(() -> lifecycle.flag("on", false), "f.yaml:6: lifecycle.on: \"yes\" is not true or false");
        refuses(
                () -> lifecycle.bytes("size", 0, 0, 10),
                "f.yaml:7: lifecycle.size: \"64KB\" is not a size (65536, 64KiB, 32MiB, 1GiB)");
        refuses(
                () -> lifecycle.bytes("huge", 0, 1024, 1 << 20),
                "f.yaml:8: lifecycle.huge: \"2MiB\" is not between 1KiB and 1MiB");
        refuses(
                () -> lifecycle.choice("type", Type.OPENAI),
                "f.yaml:9: lifecycle.type: \"cohere\" is not one of openai, llama.cpp, lm-studio");
        Settings second = settings.list("llms").get(1);
        refuses(() -> second.required("name"), "f.yaml:12: llms[1]: name is required");
        refuses(() -> second.text("port", ""), "f.yaml:13: llms[1].port: a mapping where a single value is expected");
        assertThat(second.wrong("url", "is not a URL")).hasMessage("f.yaml:12: llms[1].url: \"x\" is not a URL");
        assertThat(second.wrong("mac", "is needed for wol")).hasMessage("f.yaml:12: llms[1].mac: is needed for wol");
        refuses(() -> settings.required("server"), "f.yaml: server is required");
    }

    @Test
    void a_value_of_the_wrong_shape_is_refused() {
        Settings settings = yaml("section: 5\nlist: {a: b}\nmixed: [a, [b]]\nmap: {a: {b: c}}\nllms: [a]\n");
        refuses(() -> settings.section("section"), "f.yaml:1: section: \"5\" is not a mapping (key: value)");
        refuses(() -> settings.list("list"), "f.yaml:2: list: a mapping is not a list");
        refuses(() -> settings.textList("list"), "f.yaml:2: list: a mapping is not a list ([a, b])");
        refuses(() -> settings.textList("mixed"), "f.yaml:3: mixed[1]: a list where a single value is expected");
        refuses(() -> settings.textMap("map"), "f.yaml:4: map.a: a mapping where a single value is expected");
        refuses(() -> settings.textMap("section"), "f.yaml:1: section: \"5\" is not a mapping (key: value)");
        refuses(() -> settings.list("llms"), "f.yaml:5: llms[0]: \"a\" is not a mapping (key: value)");
    }

    @Test
    void variables_are_replaced_and_never_shown() {
        Settings settings = yaml("token: Bearer ${KEY}\nprice: $$5 and $6\nempty: ${EMPTY}\nn: ${KEY}\n");
        assertThat(settings.text("token", "")).isEqualTo("Bearer s3cret");
        assertThat(settings.text("price", "")).isEqualTo("$5 and $6");
        assertThat(settings.text("empty", "x")).isEmpty();
        refuses(() -> settings.integer("n", 0, 0, 9), "f.yaml:4: n: \"${KEY}\" is not a whole number");
    }

    @Test
    void what_is_called_like_a_secret_is_never_shown() {
        Settings settings = yaml("peerToken: abc\napiKey: abc\nkey: abc\n");
        assertThat(settings.wrong("peerToken", "is too short"))
                .hasMessage("f.yaml:1: peerToken: the value is too short");
        assertThat(settings.wrong("apiKey", "is too short")).hasMessageNotContaining("abc");
        assertThat(settings.wrong("key", "is no file")).hasMessage("f.yaml:3: key: \"abc\" is no file");
    }

    @Test
    void a_variable_that_is_not_set_is_refused_with_its_place() {
        refuses(
                () -> yaml("a: 1\nb:\n  - c: x${NOPE}\n"),
                "f.yaml:3: ${NOPE}: the environment has no variable \"NOPE\" (write $$ for a plain dollar)");
        refuses(() -> yaml("a: ${KEY"), "f.yaml:1: \"${\" without \"}\" (write $$ for a plain dollar)");
    }

    @Test
    void a_key_that_nobody_read_is_refused_with_a_suggestion() {
        Settings settings = yaml("name: a\nlifecycle:\n  heartbeatTimout: 2s\n");
        settings.required("name");
        settings.section("lifecycle").text("heartbeatTimeout", "");
        settings.section("lifecycle").text("sweepInterval", "");
        refuses(
                settings::rejectUnknown,
                "f.yaml:3: lifecycle.heartbeatTimout: unknown key, did you mean \"heartbeatTimeout\"?"
                        + " (known here: heartbeatTimeout, sweepInterval)");
    }

    @Test
    void what_is_said_is_one_line_whatever_is_written() {
        Settings settings = yaml("\"x\\ny\\r\\u2028z\": 1\n");
        settings.text("name", "");
        refuses(settings::rejectUnknown, "f.yaml:1: x\\ny\\r\\u2028z: unknown key (known here: name)");
    }

    @Test
    void a_key_like_no_other_is_refused_without_a_suggestion() {
        Settings settings = yaml("llms:\n  - name: a\n    colour: red\n");
        settings.list("llms").forEach(llm -> llm.required("name"));
        refuses(settings::rejectUnknown, "f.yaml:3: llms[0].colour: unknown key (known here: name)");
        Settings unread = yaml("llms:\n  - name: a\n").set("x.y", "1", "--set");
        unread.list("llms").forEach(llm -> llm.required("name"));
        refuses(unread::rejectUnknown, "--set: x: unknown key (known here: llms)");
    }

    @Test
    void a_key_set_twice_is_refused() {
        refuses(() -> yaml("a: 1\ngrpc:\n  b: 1\n  c: 1\n  b: 2\n"), "f.yaml:5: \"b\" is set twice (first in line 3)");
    }

    @Test
    void broken_yaml_is_refused_in_one_line() {
        refuses(() -> yaml("a: 1\n\tb: 2\n"), "f.yaml:2: not valid YAML: a tab stands where YAML wants spaces");
        assertThatThrownBy(() -> yaml("a: [1, 2\nb: 3\n"))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("f.yaml:2: not valid YAML: ")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(() -> yaml("a: 'open\n"))
                .isInstanceOf(SettingsException.class)
                .hasMessageMatching("f.yaml:\\d: not valid YAML: [^\\n]+");
        assertThatThrownBy(() -> yaml("a: \u0007\n"))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("f.yaml: not valid YAML: ");
        refuses(() -> yaml("!!%d"), "f.yaml: not valid YAML: Tag must not contain leading or trailing spaces.");
        refuses(() -> yaml("- a\n"), "f.yaml:1: a list is not a mapping (key: value) of settings");
        refuses(() -> yaml("just text\n"), "f.yaml:1: \"just text\" is not a mapping (key: value) of settings");
        refuses(() -> yaml("a: 1\n---\nb: 2\n"), "f.yaml:3: a second document (---); one is expected");
        refuses(() -> yaml("? [a]\n: b\n"), "f.yaml:1: a key must be plain text");
    }

    @Test
    void aliases_are_followed_but_neither_in_a_circle_nor_without_end() {
        assertThat(yaml("a: &x {b: c}\nd: *x\n").section("d").text("b", "")).isEqualTo("c");
        refuses(() -> yaml("a: &x\n  b: *x\n"), "f.yaml:1: nested too deeply, or too many values");
        StringBuilder bomb = new StringBuilder("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 5; i++) {
            bomb.append("l%d: &l%d [%s]\n".formatted(i, i, String.join(", ", Collections.nCopies(10, "*l" + (i - 1)))));
        }
        assertThatThrownBy(() -> yaml(bomb.toString()))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("too many values");
    }

    @Test
    void a_file_that_cannot_be_read_is_named(@TempDir Path dir) throws Exception {
        Path absent = dir.resolve("absent.yaml");
        refuses(() -> Settings.read(absent, Map.of()), absent + ": no such file");
        Path binary = Files.write(dir.resolve("binary.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe, 0x41});
        refuses(() -> Settings.read(binary, Map.of()), binary + ": not UTF-8 text");
        assertThatThrownBy(() -> Settings.read(dir, Map.of())).hasMessageStartingWith(dir + ": cannot be read");
        Path good = Files.writeString(dir.resolve("good.yaml"), "a: b");
        assertThat(Settings.read(good, Map.of()).required("a")).isEqualTo("b");
    }

    @Test
    void what_a_url_may_hold_of_a_secret_is_never_shown() {
        String rest = "x".repeat(80);
        Settings settings = Settings.parse(
                "f.yaml",
                "a: postgres://bob:ge/heim@db:5432/x\nb: jdbc:x://db/x?user=bob&password=geheim\nc: x://bob:geheim"
                        + rest + "@db\n",
                Map.of());
        assertThat(settings.wrong("a", "is wrong")).hasMessage("f.yaml:1: a: \"postgres://…@db:5432/x\" is wrong");
        assertThat(settings.wrong("b", "is wrong"))
                .hasMessage("f.yaml:2: b: \"jdbc:x://db/x?user=bob&password=…\" is wrong");
        assertThat(settings.wrong("c", "is wrong")).hasMessage("f.yaml:3: c: \"x://…@db\" is wrong");
    }
}
