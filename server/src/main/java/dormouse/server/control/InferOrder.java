package dormouse.server.control;

import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;

/**
 * A task as the agent gets it.
 *
 * @param path below the backend's base URL
 * @param input the body, read only, as the client sent it
 * @param total time left for the whole task
 * @param firstByte from dispatch to the first byte of the answer
 * @param idle between two bytes of the answer
 * @param headers those few that pass
 */
public record InferOrder(
        TaskId task,
        LlmName llm,
        String path,
        String contentType,
        ByteBuffer input,
        Duration total,
        Duration firstByte,
        Duration idle,
        Map<String, String> headers) {}
