package dormouse.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dormouse.demo.Model.Ending;
import org.jspecify.annotations.Nullable;

/** One answer in OpenAI's shapes. */
record Completion(String id, String model, long created) {
    static final byte[] DONE = "data: [DONE]\n\n".getBytes(UTF_8);

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The frame that opens a stream. */
    byte[] opening() {
        ObjectNode delta = object().put("role", "assistant").put("content", "");
        return frame(chunk(delta, null));
    }

    byte[] piece(String text) {
        return frame(chunk(object().put("content", text), null));
    }

    byte[] closing(Ending ending) {
        return frame(chunk(object(), ending.finishReason()));
    }

    /** The frame that carries the usage alone, for who asked for it. */
    byte[] usage(Ending ending) {
        ObjectNode frame = head("chat.completion.chunk");
        frame.putArray("choices");
        return frame(frame.set("usage", usageOf(ending)));
    }

    /** The whole answer at once. */
    byte[] whole(String text, Ending ending) {
        ObjectNode whole = head("chat.completion");
        ObjectNode choice = whole.putArray("choices").addObject().put("index", 0);
        choice.putObject("message").put("role", "assistant").put("content", text);
        choice.put("finish_reason", ending.finishReason());
        whole.set("usage", usageOf(ending));
        return bytes(whole);
    }

    static byte[] models(String id) {
        ObjectNode list = object().put("object", "list");
        list.putArray("data")
                .addObject()
                .put("id", id)
                .put("object", "model")
                .put("created", 0)
                .put("owned_by", "dormouse-demo");
        return bytes(list);
    }

    static byte[] error(String message, String code) {
        ObjectNode root = object();
        root.putObject("error")
                .put("message", message)
                .put("type", "invalid_request_error")
                .putNull("param")
                .put("code", code);
        return bytes(root);
    }

    private ObjectNode chunk(ObjectNode delta, @Nullable String finishReason) {
        ObjectNode chunk = head("chat.completion.chunk");
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.set("delta", delta);
        choice.put("finish_reason", finishReason);
        return chunk;
    }

    private ObjectNode head(String object) {
        return object().put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", model);
    }

    private static ObjectNode usageOf(Ending ending) {
        return object().put("prompt_tokens", ending.promptTokens())
                .put("completion_tokens", ending.completionTokens())
                .put("total_tokens", ending.promptTokens() + ending.completionTokens());
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static byte[] frame(Object json) {
        return ("data: " + json + "\n\n").getBytes(UTF_8);
    }

    private static byte[] bytes(ObjectNode json) {
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
