package dormouse.server.relay;

import dormouse.server.fleet.LlmName;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * What a client wants.
 *
 * @param path below the backend's base URL, checked by {@link RelativePath}
 * @param input the body, read only
 * @param headers those few that pass, in lower case
 * @param caller the credential's id; empty where the server asks for none
 */
public record InferCall(
        LlmName llm,
        String path,
        String contentType,
        ByteBuffer input,
        Map<String, String> headers,
        Deadlines deadlines,
        String caller) {
    public InferCall {
        headers = Map.copyOf(headers);
    }

    /** The same, with nothing in its body: what was there can be forgotten. */
    InferCall withoutInput() {
        return new InferCall(llm, path, contentType, ByteBuffer.allocate(0), headers, deadlines, caller);
    }
}
