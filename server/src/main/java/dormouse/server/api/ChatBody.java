package dormouse.server.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.BodyAllowance;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.ToolCall;
import java.io.IOException;

/** A typed chat as OpenAI's JSON: always streamed, and with usage, which is ours to ask for since we read the stream. */
final class ChatBody {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private ChatBody() {}

    /**
     * @param allowance asked before anything is made of the request, and again as the body grows
     * @throws io.grpc.StatusRuntimeException naming the field that is wrong, or saying why there may be no such body
     */
    static byte[] of(ChatRequest request, BodyAllowance allowance) {
        Failure refusal = allowance.hold(request.getSerializedSize());
        if (refusal != null) {
            throw Errors.of(refusal);
        }
        if (request.getMessagesCount() == 0) {
            throw Errors.of(Reason.MALFORMED, "messages: at least one");
        }
        ObjectNode body = JSON.createObjectNode();
        body.put("model", request.getLlm());
        ArrayNode messages = body.putArray("messages");
        for (int i = 0; i < request.getMessagesCount(); i++) {
            messages.add(message(request.getMessages(i), "messages[" + i + "]"));
        }
        if (request.hasTemperature()) {
            require(Double.isFinite(request.getTemperature()), "temperature: a finite number");
            body.put("temperature", request.getTemperature());
        }
        if (request.hasTopP()) {
            require(Double.isFinite(request.getTopP()), "top_p: a finite number");
            body.put("top_p", request.getTopP());
        }
        if (request.hasMaxTokens()) {
            body.put("max_tokens", request.getMaxTokens());
        }
        if (request.hasSeed()) {
            body.put("seed", request.getSeed());
        }
        if (request.getStopCount() > 0) {
            ArrayNode stop = body.putArray("stop");
            request.getStopList().forEach(stop::add);
        }
        if (!request.getToolsJson().isEmpty()) {
            JsonNode tools = parse(request.getToolsJson(), "tools_json");
            require(tools.isArray(), "tools_json: a JSON array");
            body.set("tools", tools);
        }
        body.put("stream", true);
        body.putObject("stream_options").put("include_usage", true);
        if (!request.getExtraJson().isEmpty()) {
            JsonNode extra = parse(request.getExtraJson(), "extra_json");
            require(extra.isObject(), "extra_json: a JSON object");
            extra.properties().forEach(field -> {
                require(
                        !field.getKey().equals("stream") && !field.getKey().equals("model"),
                        "extra_json: \"" + field.getKey() + "\" is not for it to say");
                body.putIfAbsent(field.getKey(), field.getValue()); // what is typed wins
            });
        }
        CountedBytes written = new CountedBytes(allowance);
        try {
            JSON.writeValue(written, body);
            return written.toByteArray();
        } catch (IOException e) {
            Failure tooLarge = written.refusal();
            if (tooLarge != null) {
                throw Errors.of(tooLarge);
            }
            throw new IllegalStateException("a tree of JSON nodes can be written", e);
        }
    }

    private static ObjectNode message(ChatMessage said, String where) {
        require(!said.getRole().isEmpty(), where + ".role: system, user, assistant or tool");
        ObjectNode message = JSON.createObjectNode();
        message.put("role", said.getRole());
        if (!said.getContentJson().isEmpty()) {
            JsonNode parts = parse(said.getContentJson(), where + ".content_json");
            require(parts.isArray(), where + ".content_json: a JSON array of parts");
            message.set("content", parts);
        } else if (said.getContent().isEmpty() && said.getToolCallsCount() > 0) {
            message.putNull("content");
        } else {
            message.put("content", said.getContent());
        }
        if (!said.getToolCallId().isEmpty()) {
            message.put("tool_call_id", said.getToolCallId());
        }
        if (said.getToolCallsCount() > 0) {
            ArrayNode calls = message.putArray("tool_calls");
            for (ToolCall call : said.getToolCallsList()) {
                ObjectNode node = calls.addObject();
                node.put("id", call.getId());
                node.put("type", "function");
                node.putObject("function").put("name", call.getName()).put("arguments", call.getArguments());
            }
        }
        return message;
    }

    private static JsonNode parse(String json, String field) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw Errors.of(Reason.MALFORMED, field + ": not JSON");
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw Errors.of(Reason.MALFORMED, message);
        }
    }
}
