package dormouse.server.relay;

import dormouse.server.control.InferOrder;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;

/**
 * What a client wants.
 *
 * @param llm an Llm, or a pool
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

    /**
     * As the agent gets it.
     *
     * @param llm the agent's own
     * @param spent of the time that there is for all of it
     */
    InferOrder order(TaskId task, LlmName llm, Duration spent) {
        Duration left = deadlines.total().minus(spent);
        return new InferOrder(
                task,
                llm,
                path,
                contentType,
                input.asReadOnlyBuffer(),
                left.isNegative() ? Duration.ZERO : left,
                deadlines.firstByte(),
                deadlines.idle(),
                headers);
    }

    /** The same, with nothing in its body: what was there can be forgotten. */
    InferCall withoutInput() {
        return new InferCall(llm, path, contentType, ByteBuffer.allocate(0), headers, deadlines, caller);
    }
}
