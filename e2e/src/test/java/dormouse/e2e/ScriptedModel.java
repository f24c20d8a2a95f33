package dormouse.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model server that keeps to a script, in the shapes that the clients of OpenAI and of Anthropic read: chat, tools,
 * structured output, embeddings, transcriptions. What it is asked decides how it misbehaves: {@code fail 429} is answered
 * with that status, {@code hang} with one frame and then nothing, {@code cut} with one frame and then the end of the
 * connection, {@code mute} with nothing, {@code drop} with the end of the connection at once.
 */
final class ScriptedModel implements FakeBackend.Behaviour {
    /** Its own name for what it runs: what clients ask for is rewritten to this. */
    static final String MODEL = "scripted-7b";

    static final List<String> WORDS = List.of("Dormice ", "sleep ", "through ", "the ", "winter.");
    static final String TEXT = String.join("", WORDS);
    static final String TOOL_ARGUMENTS = "{\"city\":\"Pirna\",\"days\":3}";
    static final String STRUCTURED = "{\"animal\":\"dormouse\",\"hours\":20}";
    static final float[] EMBEDDING = {0.25f, -1.5f, 3.0f};

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern FAIL = Pattern.compile("fail (\\d{3})");
    private static final Pattern FRAME = Pattern.compile("(event: [\\w.]+\n)?data: .*\n\n");

    @Override
    public void answer(FakeBackend.Exchange exchange) throws IOException, InterruptedException {
        String text = exchange.text();
        Matcher fail = FAIL.matcher(text);
        if (fail.find()) {
            int status = Integer.parseInt(fail.group(1));
            exchange.raw("HTTP/1.1 " + status + " No\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
                    + "connection: close\r\n\r\n" + error(exchange.path));
        } else if (text.contains("mute")) {
            exchange.clientLeft(60);
        } else if (text.contains("drop")) {
            return;
        } else if (exchange.path.endsWith("/audio/transcriptions")) {
            exchange.whole(200, "{\"text\":\"" + (text.contains(MODEL) ? "heard " : "wrong model, ") + "it\"}");
        } else {
            answer(exchange, JSON.readTree(exchange.body));
        }
    }

    private static void answer(FakeBackend.Exchange exchange, JsonNode body) throws IOException, InterruptedException {
        if (!body.path("model").asText().equals(MODEL)) {
            exchange.whole(404, error(exchange.path));
        } else if (exchange.path.endsWith("/embeddings")) {
            exchange.whole(200, embeddings(body));
        } else if (exchange.path.endsWith("/messages")) {
            if (body.path("stream").asBoolean()) {
                stream(exchange, body, body.has("tools") ? ScriptedAnswers.TOOL_EVENTS : ScriptedAnswers.events());
            } else {
                exchange.whole(200, body.has("tools") ? ScriptedAnswers.TOOL_MESSAGE : ScriptedAnswers.MESSAGE);
            }
        } else if (exchange.path.endsWith("/responses")) {
            if (body.path("stream").asBoolean()) {
                stream(exchange, body, ScriptedAnswers.responseEvents());
            } else {
                exchange.whole(200, ScriptedAnswers.response("completed"));
            }
        } else if (body.path("stream").asBoolean()) {
            boolean usage = body.path("stream_options").path("include_usage").asBoolean();
            stream(
                    exchange,
                    body,
                    body.has("tools") ? ScriptedAnswers.toolFrames() : ScriptedAnswers.frames(words(body), usage));
        } else {
            exchange.whole(200, body.has("tools") ? ScriptedAnswers.TOOL_CHAT : ScriptedAnswers.chat(words(body)));
        }
    }

    private static List<String> words(JsonNode body) {
        return body.path("response_format").path("type").asText().startsWith("json") ? List.of(STRUCTURED) : WORDS;
    }

    private static void stream(FakeBackend.Exchange exchange, JsonNode body, String frames)
            throws IOException, InterruptedException {
        String asked = body.path("messages").toString();
        exchange.head(200, "text/event-stream");
        Matcher frame = FRAME.matcher(frames);
        while (frame.find()) {
            exchange.chunk(frame.group());
            if (asked.contains("hang")) {
                exchange.clientLeft(60);
                return;
            } else if (asked.contains("cut")) {
                return;
            }
        }
        exchange.end();
    }

    private static String error(String path) {
        return path.endsWith("/messages")
                ? "{\"type\":\"error\",\"error\":{\"type\":\"scripted_error\",\"message\":\"as scripted\"}}"
                : "{\"error\":{\"message\":\"as scripted\",\"type\":\"scripted_error\",\"param\":null,\"code\":\"scripted\"}}";
    }

    private static String embeddings(JsonNode body) throws IOException {
        Object vector = EMBEDDING;
        if (body.path("encoding_format").asText().equals("base64")) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * EMBEDDING.length).order(ByteOrder.LITTLE_ENDIAN);
            for (float value : EMBEDDING) {
                bytes.putFloat(value);
            }
            vector = Base64.getEncoder().encodeToString(bytes.array());
        }
        return "{\"object\":\"list\",\"model\":\"" + MODEL + "\",\"usage\":{\"prompt_tokens\":2,\"total_tokens\":2},"
                + "\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":" + JSON.writeValueAsString(vector)
                + "}]}";
    }
}
