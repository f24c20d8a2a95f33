package dormouse.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;

/**
 * What the demo's model server understands of a body of {@code chat/completions}; the rest of it is ignored.
 *
 * @param maxTokens at most this many pieces
 * @param seed makes the answer repeatable
 */
record ChatPrompt(
        List<Message> messages, int maxTokens, double temperature, int seed, boolean stream, boolean includeUsage) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_TOKENS = 1024;
    private static final int DEFAULT_TOKENS = 256;

    ChatPrompt {
        messages = List.copyOf(messages);
    }

    /** Someone's words in the conversation. */
    record Message(String role, String content) {}

    /**
     * Reads a body.
     *
     * @throws IllegalArgumentException with a message for the caller where it isn't one
     */
    static ChatPrompt parse(byte[] body) {
        JsonNode json;
        try {
            json = JSON.readTree(new String(body, UTF_8));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the body is not JSON: " + e.getOriginalMessage(), e);
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : json.path("messages")) {
            messages.add(new Message(message.path("role").asText("user"), content(message.path("content"))));
        }
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("\"messages\" must be a list of at least one message");
        }
        int asked =
                json.path("max_completion_tokens").asInt(json.path("max_tokens").asInt(DEFAULT_TOKENS));
        return new ChatPrompt(
                messages,
                Math.max(1, Math.min(asked, MAX_TOKENS)),
                json.path("temperature").asDouble(0),
                json.path("seed").asInt(1),
                json.path("stream").asBoolean(false),
                json.path("stream_options").path("include_usage").asBoolean(false));
    }

    /** The words of the last message of the user. */
    String question() {
        String question = "";
        for (Message message : messages) {
            if (message.role().equals("user")) {
                question = message.content();
            }
        }
        return question;
    }

    private static String content(JsonNode content) {
        if (!content.isArray()) {
            return content.asText("");
        }
        StringBuilder text = new StringBuilder();
        content.forEach(part -> text.append(part.path("text").asText("")));
        return text.toString();
    }
}
