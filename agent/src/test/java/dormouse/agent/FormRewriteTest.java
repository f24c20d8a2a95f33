package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.form.FormException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FormRewriteTest {
    private static final String TYPE = "multipart/form-data; boundary=b";

    private static String rewrite(String body) throws FormException {
        return rewrite(body, TYPE);
    }

    private static String rewrite(String body, String type) throws FormException {
        return new String(
                FormRewrite.rewrite(body.getBytes(StandardCharsets.UTF_8), type, "big"), StandardCharsets.UTF_8);
    }

    /** Lines end with CR LF; a part's header is given with its name. */
    private static String part(String name, String value) {
        return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }

    @Test
    void only_the_value_of_model_changes() throws FormException {
        assertThat(rewrite(part("file", "model\r\n\0--") + part("model", "a") + part("n", "1.10") + "--b--\r\n"))
                .isEqualTo(part("file", "model\r\n\0--") + part("model", "big") + part("n", "1.10") + "--b--\r\n");
    }

    @Test
    void each_of_them_does_where_it_stands_there_twice() throws FormException {
        assertThat(rewrite(part("model", "a") + part("x", "") + part("model", "") + "--b--"))
                .isEqualTo(part("model", "big") + part("x", "") + part("model", "big") + "--b--");
    }

    @Test
    void it_is_put_in_front_where_there_is_none() throws FormException {
        assertThat(rewrite("\r\n" + part("x", "1") + "--b--\r\n"))
                .isEqualTo("\r\n--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nbig\r\n" + part("x", "1")
                        + "--b--\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "content-disposition: form-data; name=model",
                "Content-Disposition:form-data;name=\"model\"",
                "CONTENT-DISPOSITION: Form-Data; NAME=\"mod\\el\"; filename=\"a;b.wav\"; filename*=UTF-8''x",
                "Content-Type: text/plain\r\nContent-Disposition: form-data; filename=\"name=\\\"x\\\"\"; name=\"model\"",
                "content-transfer-encoding: 8bit\r\ncontent-disposition: form-data; name=\"model\";",
            })
    void it_is_found_however_its_header_is_written(String headers) throws FormException {
        assertThat(rewrite("--b \t\r\n" + headers + "\r\n\r\na\r\n--b--"))
                .isEqualTo("--b \t\r\n" + headers + "\r\n\r\nbig\r\n--b--");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data; boundary=\"b\"",
                "Multipart/Form-Data;charset=utf-8;Boundary=b",
                "multipart/form-data; boundary=b; charset=utf-8"
            })
    void the_boundary_is_found_however_it_is_written(String type) throws FormException {
        assertThat(rewrite(part("model", "a") + "--b--", type)).isEqualTo(part("model", "big") + "--b--");
    }

    @Test
    void a_file_of_many_megabytes_keeps_every_byte() throws FormException {
        byte[] file = new byte[20 << 20];
        new Random(1).nextBytes(file);
        String boundary = "----formdata-0123456789";
        byte[] head = ("--" + boundary + "\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
        byte[] tail = ("\r\n--" + boundary + "\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\na\r\n--"
                        + boundary + "--\r\n")
                .getBytes(StandardCharsets.UTF_8);
        byte[] body = Arrays.copyOf(head, head.length + file.length + tail.length);
        System.arraycopy(file, 0, body, head.length, file.length);
        System.arraycopy(tail, 0, body, head.length + file.length, tail.length);

        byte[] rewritten = FormRewrite.rewrite(body, "multipart/form-data; boundary=" + boundary, "big");

        assertThat(rewritten).hasSize(body.length + 2);
        assertThat(Arrays.equals(rewritten, 0, head.length + file.length, body, 0, head.length + file.length))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--b",
                "--b--x",
                "hello",
                "--c\r\n",
                "--b\r\ncontent-disposition: form-data; name=x\r\n\r\nopen",
                "--b\ncontent-disposition: form-data; name=model\n\na\n--b--",
                "--b\r\n\r\nno name\r\n--b--",
                "--b\r\ncontent-disposition: attachment; name=x\r\n\r\n1\r\n--b--",
                "--b\r\ncontent-disposition: form-data; name=x; name=model\r\n\r\n1\r\n--b--",
                "--b\r\ncontent-disposition: form-data; name=x; name*=model\r\n\r\n1\r\n--b--",
                "--b\r\ncontent-disposition: form-data; name=x\r\ncontent-disposition: form-data; name=model\r\n\r\n1\r\n--b--",
                "--b\r\ncontent-disposition: form-data;\r\n name=model\r\n\r\n1\r\n--b--",
                "--b\r\ncontent-disposition: form-data; name=x\r\ncontent-transfer-encoding: base64\r\n\r\n1\r\n--b--",
                "--b\r\ncontent-disposition: form-data; name=x\r\n\r\n1\n--b\ncontent-disposition: form-data; name=model\n\n2\r\n--b--",
                "--b\r\ncontent-disposition: form-data; name=x\r\n\r\n1\r\n--bold\r\n--b--",
                "--b\r\ncontent-disposition: form-data; name=x\r\n\r\n1\r\n--b--\r\n--b\r\n",
                "preamble\r\n--b\r\ncontent-disposition: form-data; name=x\r\n\r\n1\r\n--b--",
            })
    void what_two_readers_could_understand_differently_is_refused(String body) {
        assertThatThrownBy(() -> rewrite(body)).isInstanceOf(FormException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary=b; boundary=c"
            })
    void a_type_without_one_boundary_is_refused(String type) {
        assertThatThrownBy(() -> rewrite(part("model", "a") + "--b--", type)).hasMessageContaining("boundar");
    }

    @Test
    void too_many_parts_or_too_long_headers_are_refused() {
        assertThatThrownBy(() -> rewrite(part("x", "").repeat(1001) + "--b--")).hasMessageContaining("1000 parts");
        assertThatThrownBy(() -> rewrite(part("x".repeat(9000), "") + "--b--")).hasMessageContaining("8192 bytes");
    }
}
