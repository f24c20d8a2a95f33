package dormouse.server.relay;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * What both doors have to know of a JSON body; all the rest is the backend's business. Of fields that stand there twice the
 * last counts, as it does to most parsers. All of it is read, so that what is no JSON is refused before anybody is woken
 * for it. Stateless; a large body takes a while, which a transport's thread does not have.
 *
 * @param model the Llm or pool that is asked for
 * @param stream whether the client expects an event stream
 */
public record JsonRequest(String model, boolean stream) {
    /** More than this is not read on a transport's thread, in bytes: some milliseconds. */
    public static final int READ_AT_ONCE = 256 << 10;

    /** Far beyond what a request has; a parser's stack has to end somewhere. */
    public static final int DEEPEST = 1000;

    /** A body's size is bounded before it is read, so that Jackson's own bounds would only get in the way. */
    public static final StreamReadConstraints BOUNDS = StreamReadConstraints.builder()
            .maxStringLength(Integer.MAX_VALUE)
            .maxNumberLength(Integer.MAX_VALUE)
            .maxNameLength(Integer.MAX_VALUE)
            .maxNestingDepth(DEEPEST)
            .build();

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(BOUNDS)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    /** A body is not what it has to be. */
    public static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;
        private final @Nullable String param;

        MalformedException(@Nullable String param, String message) {
            super(message);
            this.param = param;
        }

        /** The field that is to blame; null where the body is no JSON object at all. */
        public @Nullable String param() {
            return param;
        }
    }

    /** @throws MalformedException saying where and why */
    public static JsonRequest of(InputStream body) throws MalformedException {
        try (JsonParser parser = JSON.createParser(body)) {
            return read(parser);
        } catch (StreamConstraintsException e) {
            throw new MalformedException(null, "the body is JSON that is nested deeper than " + DEEPEST + " levels");
        } catch (JsonProcessingException e) {
            String where = e.getLocation() == null
                    ? ""
                    : ": line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr();
            throw new MalformedException(null, "the body is not JSON" + where);
        } catch (IOException e) {
            throw new MalformedException(null, "the body is not JSON");
        }
    }

    private static JsonRequest read(JsonParser parser) throws IOException, MalformedException {
        String model = null;
        boolean stream = false;
        boolean noText = false;
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
        if (model == null) {
            throw new MalformedException(
                    "model", noText ? "model: a text, the name of an Llm" : "model: needed, the name of an Llm");
        }
        return new JsonRequest(model, stream);
    }
}
