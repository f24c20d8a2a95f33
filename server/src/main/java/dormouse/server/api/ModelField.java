package dormouse.server.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ByteString;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import java.io.IOException;
import java.util.Locale;

/** Finds the Llm's name in a JSON body, where the request does not name it outside of it. Reads no further than it must. */
final class ModelField {
    private static final JsonFactory JSON = new JsonFactory();

    private ModelField() {}

    /** @throws io.grpc.StatusRuntimeException where there is none */
    static LlmName of(ByteString body, String contentType) {
        if (!contentType.toLowerCase(Locale.ROOT).contains("json")) {
            throw Errors.of(Reason.MALFORMED, "llm: needed, since the body is not JSON with a \"model\"");
        }
        try (JsonParser parser = JSON.createParser(body.newInput())) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean model = parser.currentName().equals("model");
                    JsonToken value = parser.nextToken();
                    if (model && value == JsonToken.VALUE_STRING) {
                        return LlmApi.name(parser.getText());
                    }
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw Errors.of(Reason.MALFORMED, "input: not JSON, and llm names nothing");
        }
        throw Errors.of(Reason.MALFORMED, "llm: needed, since the body has no \"model\"");
    }
}
