package dormouse.bench;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;

/** The frames of a numbered stream: known to both ends byte for byte, so that one that is lost, doubled or mixed up shows. */
final class Frames {
    /** What ends each. */
    static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);

    static final String DONE = "data: [DONE]";

    private Frames() {}

    /** Without its end. */
    static String frame(int stream, int number) {
        return "data: {\"id\":\"s" + stream
                + "\",\"object\":\"chat.completion.chunk\",\"created\":1764547200,\"model\":\"mock\",\"choices\":[{\"index\":0,"
                + "\"delta\":{\"content\":\"" + stream + "." + number + " \"},\"finish_reason\":null}]}";
    }

    /**
     * What asks {@link MockModel} for a stream.
     *
     * @param frames how many, without {@code [DONE]}
     * @param everyMillis 0: as fast as they are taken
     * @param together it goes on after its first frame when so many streams are open
     */
    static Buffer request(String llm, int stream, int frames, int everyMillis, int together) {
        return new JsonObject()
                .put("model", llm)
                .put("stream", true)
                .put("number", stream)
                .put("frames", frames)
                .put("everyMillis", everyMillis)
                .put("together", together)
                .toBuffer();
    }

    /** What asks it for a small whole answer. */
    static Buffer request(String llm) {
        return Buffer.buffer("{\"model\":\"" + llm + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello.\"}]}");
    }
}
