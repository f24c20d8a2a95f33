package dormouse.server.fleet;

import java.time.Duration;
import java.util.Map;

/**
 * What a publisher says of an Llm.
 *
 * @param model the backend's own name for it
 * @param pool the shared name that it also answers to; empty: none
 * @param concurrency tasks at a time, 1-1024
 * @param wakeable whether its agent has a recipe that boots the backend
 * @param sleepable whether its agent has a recipe that rests the backend
 * @param labels free words of the publisher, at most 64
 * @param maxWait how long its wake recipe may take
 * @param type of the backend: openai, ollama, llama.cpp, lmstudio, vllm
 */
public record LlmSpec(
        String model,
        String pool,
        int concurrency,
        boolean wakeable,
        boolean sleepable,
        Map<String, String> labels,
        Duration maxWait,
        String type) {
    /** The {@code concurrency} where the publisher names none. */
    public static final int DEFAULT_CONCURRENCY = 4;
    /** The {@code maxWait} where the publisher names none. */
    public static final Duration DEFAULT_MAX_WAIT = Duration.ofSeconds(60);

    /** @throws IllegalArgumentException naming the field and its rule */
    public LlmSpec {
        labels = Map.copyOf(labels);
        if (model.length() > 512) {
            throw new IllegalArgumentException("model: at most 512 characters");
        }
        if (!pool.isEmpty() && !LlmName.isValid(pool)) {
            throw new IllegalArgumentException("pool: " + LlmName.rule(pool));
        }
        if (concurrency < 1 || concurrency > 1024) {
            throw new IllegalArgumentException("concurrency " + concurrency + ": 1 to 1024");
        }
        if (labels.size() > 64) {
            throw new IllegalArgumentException("labels: at most 64");
        }
        labels.forEach((key, value) -> {
            if (key.length() > 63 || value.length() > 255) {
                throw new IllegalArgumentException("labels: keys of at most 63, values of at most 255 characters");
            }
        });
        if (maxWait.isNegative() || maxWait.isZero() || maxWait.compareTo(Duration.ofHours(24)) > 0) {
            throw new IllegalArgumentException("max_wait: more than 0 s, at most 24 h");
        }
        if (type.length() > 32) {
            throw new IllegalArgumentException("type: at most 32 characters");
        }
    }
}
