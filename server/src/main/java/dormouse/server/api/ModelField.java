package dormouse.server.api;

import com.google.protobuf.ByteString;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.JsonRequest;
import java.util.Locale;

/** Finds the Llm's name in a JSON body, where the request does not name it outside of it. Stateless. */
final class ModelField {
    private ModelField() {}

    /** @throws io.grpc.StatusRuntimeException where there is none */
    static LlmName of(ByteString body, String contentType) {
        if (!contentType.toLowerCase(Locale.ROOT).contains("json")) {
            throw Errors.of(Reason.MALFORMED, "llm: needed, since the body is not JSON with a \"model\"");
        }
        try {
            return LlmApi.name(JsonRequest.of(body.newInput()).model());
        } catch (JsonRequest.MalformedException e) {
            throw Errors.of(Reason.MALFORMED, "llm: needed, or in the input: " + e.getMessage());
        }
    }
}
