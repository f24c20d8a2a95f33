package dormouse.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dormouse.form.FormException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The bodies of requests, of which the agent rewrites the {@code model}: an input's first byte says whether the rest is a form
 * or JSON. What is rewritten is what it was but for the name, and rewriting it again changes nothing.
 */
public final class RewriteTarget {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TYPE = "multipart/form-data; boundary=b";

    private RewriteTarget() {}

    public static List<byte[]> seeds() {
        return Stream.of(
                        "j{\"model\":\"a\",\"n\":1.10,\"messages\":[{\"role\":\"user\",\"content\":\"model\"}]}",
                        "j{ \"x\" : {\"model\":1}, \"model\" : null , \"model\":[1,{}] } ",
                        "j{}",
                        "j{\"\\u006dodel\":\"\\ud83d\\ude00\",\"n\":12345678901234567890123}",
                        "f--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\na\r\n"
                                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n\0--\r\n--b--\r\n",
                        "f\r\n--b \r\ncontent-disposition: form-data; name=x\r\n\r\n1\r\n--b--")
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] body = Arrays.copyOfRange(input, 1, input.length);
        if (input[0] == 'f') {
            form(body);
        } else {
            json(body);
        }
    }

    private static void form(byte[] body) {
        byte[] once;
        try {
            once = FormRewrite.rewrite(body, TYPE, "big");
        } catch (FormException e) {
            named(e);
            return;
        }
        try {
            same(once, FormRewrite.rewrite(once, TYPE, "big"));
        } catch (FormException e) {
            throw new AssertionError("what was rewritten is no form any more", e);
        }
    }

    private static void json(byte[] body) {
        byte[] once;
        try {
            once = ModelRewrite.rewrite(body, "big");
        } catch (IOException e) {
            named(e);
            return;
        }
        try {
            same(once, ModelRewrite.rewrite(once, "big"));
            ObjectNode before;
            try {
                before = (ObjectNode) JSON.readTree(body);
            } catch (com.fasterxml.jackson.core.JsonParseException e) {
                return; // broken UTF-8 in what is passed by unread: its backend may say so
            }
            JsonNode after = JSON.readTree(once);
            if (!"big".equals(after.path("model").asText())) {
                throw new AssertionError("no other model: " + after.path("model"));
            }
            before.put("model", "big");
            if (!before.equals(after)) {
                throw new AssertionError("more than the model has changed");
            }
        } catch (com.fasterxml.jackson.core.exc.StreamConstraintsException e) {
            // longer numbers and names than this check's reader takes
        } catch (IOException e) {
            throw new AssertionError("what was rewritten is no JSON any more", e);
        }
    }

    private static void same(byte[] once, byte[] twice) {
        if (!Arrays.equals(once, twice)) {
            throw new AssertionError("rewriting it again has changed it");
        }
    }

    private static void named(Exception e) {
        if (e.getMessage() == null || e.getMessage().isBlank()) {
            throw new AssertionError("refused without a word", e);
        }
    }
}
