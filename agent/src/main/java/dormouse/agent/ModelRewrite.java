package dormouse.agent;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts the backend's own name for a model into the text of a request. Only the value of the top-level {@code model} is
 * replaced (each of them, where it stands there twice, so that no backend reads another), and inserted where it is
 * absent; every other byte stays as the client wrote it. Stateless; any thread.
 */
final class ModelRewrite {
    /** Sizes are bounded before a body comes here, so Jackson's own bounds would only get in the way. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private record Span(int from, int to) {}

    private ModelRewrite() {}

    /**
     * The body with the model's name in it.
     *
     * @throws IOException the body is not one JSON object in UTF-8; the message says where
     */
    static byte[] rewrite(byte[] body, String model) throws IOException {
        byte[] name = quoted(model);
        List<Span> values = new ArrayList<>();
        int open;
        boolean empty;
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("the body is not a JSON object");
            }
            open = (int) parser.currentTokenLocation().getByteOffset();
            if (open < 0) {
                throw new IOException("the body is not in UTF-8");
            }
            empty = findValues(parser, values);
            if (parser.nextToken() != null) {
                throw new IOException("the body goes on after its JSON object");
            }
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream(body.length + name.length + 16);
        int copied = 0;
        if (values.isEmpty()) {
            copied = open + 1;
            text.write(body, 0, copied);
            text.writeBytes(quoted("model"));
            text.write(':');
            text.writeBytes(name);
            if (!empty) {
                text.write(',');
            }
        }
        for (Span value : values) {
            text.write(body, copied, value.from() - copied);
            text.writeBytes(name);
            copied = value.to();
        }
        text.write(body, copied, body.length - copied);
        return text.toByteArray();
    }

    /** Notes where the values of {@code model} stand, up to the end of the object; true where the object is empty. */
    private static boolean findValues(JsonParser parser, List<Span> values) throws IOException {
        boolean empty = true;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            empty = false;
            boolean model = "model".equals(parser.currentName());
            parser.nextToken();
            int from = (int) parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            parser.finishToken();
            if (model) {
                values.add(new Span(from, (int) parser.currentLocation().getByteOffset()));
            }
        }
        return empty;
    }

    private static byte[] quoted(String text) {
        byte[] inner = JsonStringEncoder.getInstance().quoteAsUTF8(text);
        byte[] quoted = new byte[inner.length + 2];
        quoted[0] = '"';
        System.arraycopy(inner, 0, quoted, 1, inner.length);
        quoted[quoted.length - 1] = '"';
        return quoted;
    }
}
