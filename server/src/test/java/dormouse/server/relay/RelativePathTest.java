package dormouse.server.relay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** product.md, "Infer, in full": a path is relative, without {@code ..} or a scheme; a query may follow. */
class RelativePathTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat/completions",
                "embeddings",
                "v1/rerank",
                "models/qwen3%3A8b",
                "audio/transcriptions?language=de&x=a%20b",
                "a/..b/c..",
                "a/...",
                "search?q=../..&u=http://x/y?z",
                "a;v=1/b",
                "a%20b/c"
            })
    void isOne(String path) {
        assertThat(RelativePath.isValid(path)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/chat/completions",
                "//host/x",
                "chat//completions",
                "chat/",
                "..",
                ".",
                "../admin",
                "a/../../admin",
                "a/./b",
                "%2e%2e/admin",
                "a/%2E%2E/admin",
                "a/.%2e/admin",
                "a/%2e/admin",
                "a/..;x/admin",
                "a/..%3bx/admin",
                "a%2f..%2fadmin",
                "a%5c..%5cadmin",
                "a%252e%252e/x",
                "a\\b",
                "a%00b",
                "a%zz",
                "a%2",
                "a?b=%",
                "models/qwen3:8b",
                "a?b=[1]",
                "a?b={c}",
                "a?b|c",
                "a?b=<c>",
                "a?b=\"c\"",
                "a?b^c`d",
                "a?b\\c",
                "http://host/x",
                "http:x",
                "file:///etc/passwd",
                "a#b",
                "a?b#c",
                "a b",
                "a\nb",
                "a\r\nHost: x",
                "a?b\r\nHost: x",
                "a?b c",
                "ä",
                "?x=1"
            })
    void isNone(String path) {
        assertThat(RelativePath.isValid(path)).isFalse();
    }

    @Test
    void hasABound() {
        assertThat(RelativePath.isValid("a".repeat(2048))).isTrue();
        assertThat(RelativePath.isValid("a".repeat(2049))).isFalse();
        assertThat(RelativePath.isValid("a/".repeat(1000) + "a?" + "b".repeat(40)))
                .isTrue();
        assertThat(RelativePath.isValid("a?" + "%41".repeat(600))).isTrue();
    }
}
