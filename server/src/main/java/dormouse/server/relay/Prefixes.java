package dormouse.server.relay;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * The conversation in a request's body, as hashes of its beginnings: after each message of {@code messages} (OpenAI's chat,
 * Anthropic), of a list {@code input} (OpenAI's responses) or {@code prompt}; of a plain text after each {@link #PIECE}
 * characters. The hash of a request as a whole is what is remembered of it; that of its beginnings, without its last
 * message, is what the next one is recognized by: two that only begin with the same instructions are not one conversation.
 *
 * <p>Reads {@link #MOST_BYTES} and {@link #MOST_MESSAGES} at the most. The hashes are chained and start from a seed of this
 * process; who could aim at one all the same would win another member, and nothing else.
 */
final class Prefixes {
    static final int MOST_BYTES = 256 << 10;
    static final int MOST_MESSAGES = 256;
    static final int PIECE = 1024;

    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();
    private static final Set<String> LISTS = Set.of("messages", "input", "prompt");
    private static final Set<String> INSTRUCTIONS = Set.of("system", "instructions");
    /** A client's mark for its provider, which moves from turn to turn. */
    private static final String MARK = "cache_control";

    private static final Prefixes NONE = new Prefixes(new long[0], 0, false);

    private final long[] before;
    private final long whole;
    private final boolean any;

    private Prefixes(long[] before, long whole, boolean any) {
        this.before = before;
        this.whole = whole;
        this.any = any;
    }

    /** @param seed of this process and this pool */
    static Prefixes of(ByteBuffer body, String contentType, long seed) {
        if (!contentType.toLowerCase(Locale.ROOT).contains("json") || !body.hasRemaining()) {
            return NONE;
        }
        byte[] head = new byte[Math.min(body.remaining(), MOST_BYTES)];
        body.get(body.position(), head);
        Reader reader = new Reader(seed);
        try (JsonParser parser = JSON.createParser(head)) {
            reader.read(parser);
        } catch (IOException e) {
            reader.cut = true; // at the bound, or no JSON any more: what was read until here counts
        }
        return reader.result();
    }

    /** Of what it begins with, the shortest first. Not to be changed. */
    long[] before() {
        return before;
    }

    /** Of all of it. */
    long whole() {
        return whole;
    }

    /** Whether there is no conversation in it. */
    boolean isEmpty() {
        return !any;
    }

    /** A hash that follows from another one and one thing more. */
    static long mix(long hash, long more) {
        long mixed = (hash ^ more) * 0x9E3779B97F4A7C15L;
        return mixed ^ (mixed >>> 29);
    }

    static long mix(long hash, CharSequence text) {
        long mixed = hash;
        for (int i = 0; i < text.length(); i++) {
            mixed = mix(mixed, text.charAt(i));
        }
        return mixed;
    }

    private static final class Reader {
        private final long seed;
        private final long[] hashes = new long[MOST_MESSAGES];
        private int count;
        private long hash;
        private long instructions;
        private boolean open; // the last hash is not of all of it
        private boolean cut;

        Reader(long seed) {
            this.seed = seed;
            this.hash = seed;
        }

        void read(JsonParser parser) throws IOException {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (count == 0 && LISTS.contains(field) && value == JsonToken.START_ARRAY) {
                    list(parser);
                } else if (count == 0 && LISTS.contains(field) && value == JsonToken.VALUE_STRING) {
                    text(parser);
                } else if (INSTRUCTIONS.contains(field)) {
                    instructions = value(parser, seed);
                } else {
                    parser.skipChildren();
                }
            }
        }

        private void list(JsonParser parser) throws IOException {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (count == MOST_MESSAGES) {
                    cut = true;
                    parser.skipChildren();
                } else {
                    hash = value(parser, hash);
                    hashes[count++] = hash;
                }
            }
        }

        private void text(JsonParser parser) throws IOException {
            char[] chars = parser.getTextCharacters();
            int from = parser.getTextOffset();
            int pieces = Math.min(parser.getTextLength() / PIECE, MOST_MESSAGES);
            for (int i = 0; i < pieces * PIECE; i++) {
                hash = mix(hash, chars[from + i]);
                if ((i + 1) % PIECE == 0) {
                    hashes[count++] = hash;
                }
            }
            open = true;
        }

        /** All of the value on which the parser stands, which is left at its end. */
        private static long value(JsonParser parser, long start) throws IOException {
            long hash = start;
            int depth = 0;
            JsonToken token = parser.currentToken();
            while (true) {
                if (token == JsonToken.FIELD_NAME && MARK.equals(parser.currentName())) {
                    parser.nextToken();
                    parser.skipChildren();
                } else {
                    hash = mix(hash, token.id() + 0x10000L);
                    if (token.isScalarValue() || token == JsonToken.FIELD_NAME) {
                        char[] chars = parser.getTextCharacters();
                        int from = parser.getTextOffset();
                        for (int i = from; i < from + parser.getTextLength(); i++) {
                            hash = mix(hash, chars[i]);
                        }
                    }
                    depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                }
                if (depth == 0) {
                    return hash;
                }
                token = parser.nextToken();
            }
        }

        Prefixes result() {
            if (count == 0) {
                return NONE;
            }
            for (int i = 0; i < count; i++) {
                hashes[i] = mix(hashes[i], instructions);
            }
            return new Prefixes(Arrays.copyOf(hashes, cut || open ? count : count - 1), hashes[count - 1], true);
        }
    }
}
