package dormouse.server.door;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;

/** In which shape a client of some path expects to be told of errors. */
enum Dialect {
    OPENAI,
    ANTHROPIC,
    PLAIN;

    /** Of what stands below a path, whether something is there or not. */
    static Dialect of(String path) {
        if (path.equals("/v1/messages") || path.startsWith("/v1/messages/")) {
            return ANTHROPIC;
        }
        return path.equals("/v1") || path.startsWith("/v1/") ? OPENAI : PLAIN;
    }

    /** The body of an answer that is an error. */
    byte[] body(Refusal refusal) {
        return json(refusal).getBytes(StandardCharsets.UTF_8);
    }

    /** An error in the middle of an event stream: its last event. */
    String frame(Refusal refusal) {
        return frame(json(refusal));
    }

    /** The same with an error's JSON that is there already, in this shape and on one line. */
    String frame(String json) {
        return (this == ANTHROPIC ? "event: error\n" : "") + "data: " + json + "\n\n";
    }

    private String json(Refusal refusal) {
        return switch (this) {
            case OPENAI ->
                "{\"error\":{\"message\":" + quoted(refusal.message()) + ",\"type\":"
                        + quoted(refusal.type().openai())
                        + ",\"param\":" + (refusal.param() == null ? "null" : quoted(refusal.param())) + ",\"code\":"
                        + quoted(refusal.code()) + "}}";
            case ANTHROPIC ->
                "{\"type\":\"error\",\"error\":{\"type\":"
                        + quoted(refusal.type().anthropic()) + ",\"message\":" + quoted(refusal.message()) + "}}";
            case PLAIN -> "{\"error\":" + quoted(refusal.message()) + ",\"code\":" + quoted(refusal.code()) + "}";
        };
    }

    static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
