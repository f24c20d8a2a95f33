package dormouse.agent;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ByteString;
import dormouse.v1.Usage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds the counts of tokens in an answer that passes by. It keeps the beginning and the end of the answer and looks at
 * the end of it for objects called {@code usage}: OpenAI's stand near the end, Anthropic's streams tell of the prompt at
 * the beginning and of the completion at the end. A quoted {@code usage} in a text is escaped there, and so no hit.
 * On the loop alone.
 */
final class UsageSniffer {
    private static final int HEAD = 4 * 1024;
    private static final int TAIL = 16 * 1024;
    private static final byte[] KEY = "\"usage\"".getBytes(StandardCharsets.US_ASCII);
    private static final JsonFactory JSON = new JsonFactory();

    private final ByteArrayOutputStream head = new ByteArrayOutputStream(256);
    private ByteString tail = ByteString.EMPTY;

    void see(ByteString data) {
        int rest = Math.min(HEAD - head.size(), data.size());
        for (int i = 0; i < rest; i++) {
            head.write(data.byteAt(i));
        }
        tail = tail.concat(data.substring(Math.max(rest, 0)));
        if (tail.size() > 2 * TAIL) {
            tail = ByteString.copyFrom(tail.substring(tail.size() - TAIL).toByteArray());
        }
    }

    /** The last counts that the answer told, or null where it told none. */
    @Nullable
    Usage usage() {
        byte[] end = tail.substring(Math.max(0, tail.size() - TAIL)).toByteArray();
        byte[] text = new byte[head.size() + end.length];
        System.arraycopy(head.toByteArray(), 0, text, 0, head.size());
        System.arraycopy(end, 0, text, head.size(), end.length);
        Usage.Builder usage = Usage.newBuilder();
        boolean found = false;
        for (int at = find(text, 0); at >= 0; at = find(text, at + KEY.length)) {
            found |= read(text, at + KEY.length, usage);
        }
        return found ? usage.build() : null;
    }

    private static int find(byte[] text, int from) {
        for (int at = from; at + KEY.length <= text.length; at++) {
            if (java.util.Arrays.equals(text, at, at + KEY.length, KEY, 0, KEY.length)) {
                return at;
            }
        }
        return -1;
    }

    private static boolean read(byte[] text, int afterKey, Usage.Builder usage) {
        int at = afterKey;
        while (at < text.length && (text[at] == ' ' || text[at] == ':')) {
            at++;
        }
        boolean found = false;
        try (JsonParser parser = JSON.createParser(text, at, text.length - at)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
                    switch (name) {
                        case "prompt_tokens", "input_tokens" -> usage.setPromptTokens(parser.getLongValue());
                        case "completion_tokens", "output_tokens" -> usage.setCompletionTokens(parser.getLongValue());
                        default -> {
                            continue;
                        }
                    }
                    found = true;
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException cutOff) {
            return found; // what was read before the cut counts
        }
        return found;
    }
}
