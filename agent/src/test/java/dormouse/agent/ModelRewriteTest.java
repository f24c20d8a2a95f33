package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRewriteTest {
    private static String rewrite(String body) throws IOException {
        return new String(ModelRewrite.rewrite(body.getBytes(StandardCharsets.UTF_8), "big"), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "{\"model\":\"a\"} | {\"model\":\"big\"}",
                "{ \"model\" :\t\"a\" , \"x\" : 1.10 } | { \"model\" :\t\"big\" , \"x\" : 1.10 }",
                "{\"x\":12345678901234567890123,\"model\":\"a\",\"y\":1e400} | {\"x\":12345678901234567890123,\"model\":\"big\",\"y\":1e400}",
                "{\"a\":{\"model\":\"inner\"},\"b\":[{\"model\":1}],\"model\":\"a\"} | {\"a\":{\"model\":\"inner\"},\"b\":[{\"model\":1}],\"model\":\"big\"}",
                "{\"mod\\u0065l\":\"a\"} | {\"mod\\u0065l\":\"big\"}",
                "{\"model\":\"a\",\"x\":0,\"model\":\"b\"} | {\"model\":\"big\",\"x\":0,\"model\":\"big\"}",
                "{\"model\":17} | {\"model\":\"big\"}",
                "{\"model\":null,\"x\":true} | {\"model\":\"big\",\"x\":true}",
                "{\"model\":{\"model\":[1,{}]},\"x\":[]} | {\"model\":\"big\",\"x\":[]}",
                "{\"model\":\"\\\"}{\\u00e9é\",\"x\":\"\\/é\\ud83d\\ude00\"} | {\"model\":\"big\",\"x\":\"\\/é\\ud83d\\ude00\"}",
                "{\"x\":1} | {\"model\":\"big\",\"x\":1}",
                "{} | {\"model\":\"big\"}",
                "{ } | {\"model\":\"big\" }",
            })
    void only_the_top_level_model_changes(String body, String rewritten) throws IOException {
        assertThat(rewrite(body)).isEqualTo(rewritten);
    }

    @Test
    void white_space_around_and_a_byte_order_mark_stay() throws IOException {
        assertThat(rewrite("\uFEFF \r\n{\"model\":\"a\"}\n")).isEqualTo("\uFEFF \r\n{\"model\":\"big\"}\n");
    }

    @Test
    void a_name_that_needs_escaping_is_escaped() throws IOException {
        byte[] body = "{\"model\":1}".getBytes(StandardCharsets.UTF_8);

        assertThat(new String(ModelRewrite.rewrite(body, "a\"\\é\n"), StandardCharsets.UTF_8))
                .isEqualTo("{\"model\":\"a\\\"\\\\é\\n\"}");
    }

    @Test
    void a_body_of_many_megabytes_keeps_every_byte() throws IOException {
        String image = "A".repeat(30 << 20);

        assertThat(rewrite("{\"image\":\"" + image + "\",\"model\":\"a\",\"n\":" + "9".repeat(2000) + "}"))
                .isEqualTo("{\"image\":\"" + image + "\",\"model\":\"big\",\"n\":" + "9".repeat(2000) + "}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"[]", "\"model\"", "{\"model\":\"a\"", "{\"model\":}", "{} {}", "{}x", "hello", "{\"a\":01}"})
    void what_is_not_one_json_object_is_refused(String body) {
        assertThatThrownBy(() -> rewrite(body)).isInstanceOf(IOException.class);
    }

    @Test
    void another_encoding_is_refused() {
        byte[] body = "{\"model\":\"a\"}".getBytes(StandardCharsets.UTF_16);

        assertThatThrownBy(() -> ModelRewrite.rewrite(body, "big")).hasMessageContaining("UTF-8");
    }
}
