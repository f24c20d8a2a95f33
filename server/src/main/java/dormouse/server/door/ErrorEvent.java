package dormouse.server.door;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dormouse.server.control.Head;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A backend's error where its status can no longer be told: kept, up to a bound, and told as the stream's last event. */
final class ErrorEvent implements Answer {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES) // 1.10 stays 1.10
            .build();
    private static final int KEPT = 64 << 10;
    private static final int SHOWN = 500;

    private final Call call;
    private final @Nullable Refusal instead;
    private final int status;
    private final Buffer kept = Buffer.buffer();

    ErrorEvent(Call call, Head head) {
        this.call = call;
        this.status = head.status();
        this.instead = null;
    }

    /** @param instead what is told whatever comes */
    ErrorEvent(Call call, Refusal instead) {
        this.call = call;
        this.status = instead.status();
        this.instead = instead;
    }

    @Override
    public void chunk(Buffer data) {
        if (instead == null && kept.length() < KEPT) {
            kept.appendBuffer(data);
        }
    }

    @Override
    public void whole() {
        if (instead != null) {
            broken(instead);
            return;
        }
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        if (call.dialect() == Dialect.ANTHROPIC) {
            error.put("type", "error");
        }
        call.end(call.dialect().frame(error.set("error", said()).toString()));
    }

    @Override
    public void broken(Refusal why) {
        call.end(call.dialect().frame(why));
    }

    /** The backend's own error where it has one, else one that quotes what it said. */
    private JsonNode said() {
        String text = kept.toString(StandardCharsets.UTF_8);
        try {
            JsonNode error = JSON.readTree(text).path("error");
            if (error.isObject()) {
                return error;
            }
            if (error.isTextual()) {
                text = error.asText();
            }
        } catch (IOException e) {
            // not JSON, or not all of it: quoted below
        }
        Refusal refusal = Refusal.ofBackend(status, text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text);
        boolean anthropic = call.dialect() == Dialect.ANTHROPIC;
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.put("message", refusal.message());
        error.put(
                "type", anthropic ? refusal.type().anthropic() : refusal.type().openai());
        if (!anthropic) {
            error.putNull("param").put("code", refusal.code());
        }
        return error;
    }
}
