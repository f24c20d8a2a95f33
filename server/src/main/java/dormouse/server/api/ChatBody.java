package dormouse.server.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.BodyAllowance;
import dormouse.server.relay.JsonRequest;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.ToolCall;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * A typed chat as OpenAI's JSON: always streamed, and with usage, which is ours to ask for since we read the stream. It is
 * written as it is read, without a tree of it in memory: of JSON that its caller gives a tree takes many times the text.
 */
final class ChatBody {
    /** What names callers think of is not remembered. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(JsonRequest.BOUNDS)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private final ChatRequest request;
    private final JsonGenerator out;
    private final Set<String> typed = new HashSet<>();

    private ChatBody(ChatRequest request, JsonGenerator out) {
        this.request = request;
        this.out = out;
    }

    /**
     * @param allowance asked before anything is made of the request, and again as the body grows
     * @throws io.grpc.StatusRuntimeException naming the field that is wrong, or saying why there may be no such body
     */
    static byte[] of(ChatRequest request, BodyAllowance allowance) {
        Failure refusal = allowance.hold(request.getSerializedSize());
        if (refusal != null) {
            throw Errors.of(refusal);
        }
        require(request.getMessagesCount() > 0, "messages: at least one");
        CountedBytes bytes = new CountedBytes(allowance);
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            // what is refused must not be closed as if it were whole
            out.disable(JsonGenerator.Feature.AUTO_CLOSE_JSON_CONTENT);
            new ChatBody(request, out).write();
        } catch (IOException e) {
            Failure tooLarge = bytes.refusal();
            if (tooLarge != null) {
                throw Errors.of(tooLarge);
            }
            throw new IllegalStateException("a chat can be written", e);
        }
        return bytes.toByteArray();
    }

    private void write() throws IOException {
        out.writeStartObject();
        field("model");
        out.writeString(request.getLlm());
        field("messages");
        out.writeStartArray();
        for (int i = 0; i < request.getMessagesCount(); i++) {
            message(request.getMessages(i), "messages[" + i + "]");
        }
        out.writeEndArray();
        sampling();
        if (!request.getToolsJson().isEmpty()) {
            field("tools");
            copy(request.getToolsJson(), JsonToken.START_ARRAY, "tools_json", "a JSON array");
        }
        field("stream");
        out.writeBoolean(true);
        field("stream_options");
        out.writeStartObject();
        out.writeBooleanField("include_usage", true);
        out.writeEndObject();
        if (!request.getExtraJson().isEmpty()) {
            extra();
        }
        out.writeEndObject();
    }

    private void sampling() throws IOException {
        if (request.hasTemperature()) {
            require(Double.isFinite(request.getTemperature()), "temperature: a finite number");
            field("temperature");
            out.writeNumber(request.getTemperature());
        }
        if (request.hasTopP()) {
            require(Double.isFinite(request.getTopP()), "top_p: a finite number");
            field("top_p");
            out.writeNumber(request.getTopP());
        }
        if (request.hasMaxTokens()) {
            field("max_tokens");
            out.writeNumber(request.getMaxTokens());
        }
        if (request.hasSeed()) {
            field("seed");
            out.writeNumber(request.getSeed());
        }
        if (request.getStopCount() > 0) {
            field("stop");
            out.writeStartArray();
            for (String stop : request.getStopList()) {
                out.writeString(stop);
            }
            out.writeEndArray();
        }
    }

    private void message(ChatMessage said, String where) throws IOException {
        require(!said.getRole().isEmpty(), where + ".role: system, user, assistant or tool");
        out.writeStartObject();
        out.writeStringField("role", said.getRole());
        out.writeFieldName("content");
        if (!said.getContentJson().isEmpty()) {
            copy(said.getContentJson(), JsonToken.START_ARRAY, where + ".content_json", "a JSON array of parts");
        } else if (said.getContent().isEmpty() && said.getToolCallsCount() > 0) {
            out.writeNull();
        } else {
            out.writeString(said.getContent());
        }
        if (!said.getToolCallId().isEmpty()) {
            out.writeStringField("tool_call_id", said.getToolCallId());
        }
        if (said.getToolCallsCount() > 0) {
            out.writeFieldName("tool_calls");
            out.writeStartArray();
            for (ToolCall call : said.getToolCallsList()) {
                out.writeStartObject();
                out.writeStringField("id", call.getId());
                out.writeStringField("type", "function");
                out.writeFieldName("function");
                out.writeStartObject();
                out.writeStringField("name", call.getName());
                out.writeStringField("arguments", call.getArguments());
                out.writeEndObject();
                out.writeEndObject();
            }
            out.writeEndArray();
        }
        out.writeEndObject();
    }

    private void field(String name) throws IOException {
        typed.add(name);
        out.writeFieldName(name);
    }

    /** One JSON value, as its caller has written it. */
    private void copy(String json, JsonToken start, String field, String what) throws IOException {
        try (JsonParser in = JSON.createParser(json)) {
            require(next(in, field) == start, field + ": " + what);
            copy(in, field);
            require(next(in, field) == null, field + ": " + what + ", and nothing after it");
        }
    }

    /** The fields of {@code extra_json} that are not here yet: what is typed wins. */
    private void extra() throws IOException {
        String where = "extra_json";
        try (JsonParser in = JSON.createParser(request.getExtraJson())) {
            require(next(in, where) == JsonToken.START_OBJECT, where + ": a JSON object");
            while (next(in, where) == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                require(
                        !name.equals("stream") && !name.equals("model"),
                        where + ": \"" + name + "\" is not for it to say");
                next(in, where);
                if (typed.contains(name)) {
                    skip(in, where);
                } else {
                    out.writeFieldName(name);
                    copy(in, where);
                }
            }
            require(next(in, where) == null, where + ": a JSON object, and nothing after it");
        }
    }

    /** From the value at which {@code in} stands to its end. */
    private void copy(JsonParser in, String field) throws IOException {
        int depth = 0;
        while (true) {
            JsonToken token = in.currentToken();
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            try {
                if (token.isNumeric()) {
                    out.writeNumber(in.getText()); // digit for digit
                } else {
                    out.copyCurrentEvent(in);
                }
            } catch (JsonProcessingException e) {
                throw notJson(field, e);
            }
            if (depth == 0) {
                return;
            }
            next(in, field);
        }
    }

    private static void skip(JsonParser in, String field) throws IOException {
        try {
            in.skipChildren();
            in.finishToken();
        } catch (JsonProcessingException e) {
            throw notJson(field, e);
        }
    }

    private static JsonToken next(JsonParser in, String field) throws IOException {
        try {
            return in.nextToken();
        } catch (JsonProcessingException e) {
            throw notJson(field, e);
        }
    }

    private static RuntimeException notJson(String field, JsonProcessingException e) {
        return Errors.of(
                Reason.MALFORMED,
                field
                        + (e instanceof StreamConstraintsException
                                ? ": nested deeper than " + JsonRequest.DEEPEST + " levels"
                                : ": not JSON"));
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw Errors.of(Reason.MALFORMED, message);
        }
    }
}
