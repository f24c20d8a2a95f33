package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendPathTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat/completions",
                "embeddings",
                "audio/speech?voice=a%20b&x=1/../2",
                "models/qwen3%3A8b",
                "a.b/c..d",
            })
    void what_lies_below_the_base_url_may_be_called(String path) {
        assertThat(BackendPath.wrong(path)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/chat",
                "//other/chat",
                "../admin",
                "chat/../../admin",
                "chat/..",
                "%2e%2e/admin",
                ".%2E/admin",
                "%2e%2e%2fadmin",
                "%252e%252e/admin",
                "a/./b",
                "http://other/v1",
                "a b",
                "a\r\nx-evil: 1",
                "a\\..\\b",
                "%5c..",
                "chat#fragment",
                "%zz",
                "a%00",
                "é",
            })
    void anything_else_may_not(String path) {
        assertThat(BackendPath.wrong(path)).isNotNull();
    }
}
