package dormouse.server.door;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What the server has to know of a request's body; all the rest is the backend's business. Of fields that stand there
 * twice the last counts, as it does to most parsers.
 *
 * @param model the Llm or pool that is asked for
 * @param stream whether the client expects an event stream
 */
record Asked(String model, boolean stream) {
    /** A body is not what it has to be. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;
        private final @Nullable String param;

        MalformedException(@Nullable String param, String message) {
            super(message);
            this.param = param;
        }

        @Nullable
        String param() {
            return param;
        }

        Refusal refusal() {
            return Refusal.malformed(param, String.valueOf(getMessage()));
        }
    }

    /** Sizes are bounded before a body comes here, so Jackson's own bounds would only get in the way. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** Reads all of it, so that what is no JSON is refused before anybody is woken for it. */
    static Asked ofJson(byte[] body) throws MalformedException {
        String model = null;
        boolean stream = false;
        boolean noText = false;
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedException(null, "the body is not a JSON object");
            }
            if (parser.currentTokenLocation().getByteOffset() < 0) {
                throw new MalformedException(null, "the body is not in UTF-8");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("model")) {
                    noText = value != JsonToken.VALUE_STRING;
                    model = noText ? null : parser.getText();
                } else if (name.equals("stream")) {
                    stream = value == JsonToken.VALUE_TRUE;
                }
                parser.skipChildren();
            }
            if (parser.nextToken() != null) {
                throw new MalformedException(null, "the body goes on after its JSON object");
            }
        } catch (JsonProcessingException e) {
            throw new MalformedException(
                    null,
                    "the body is not JSON: line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr());
        } catch (IOException e) {
            throw new MalformedException(null, "the body is not JSON");
        }
        if (model == null) {
            throw new MalformedException("model", noText ? "model: a text" : "model: needed, the name of an Llm");
        }
        return new Asked(model, stream);
    }
}
