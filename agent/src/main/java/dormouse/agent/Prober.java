package dormouse.agent;

import dormouse.agent.HttpCaller.Reply;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

/**
 * Asks a backend whether it answers, in the way of its type and never by an inference, which would wake it or pin its
 * model in memory. On the loop alone; its answers come there and are never failures.
 */
final class Prober {
    private static final Pattern SLEEPING = Pattern.compile("\"is_sleeping\"\\s*:\\s*true");

    private final HttpCaller http;

    Prober(HttpCaller http) {
        this.http = http;
    }

    CompletableFuture<Availability> probe(LlmConfig llm) {
        CompletableFuture<Availability> health = get(llm, url(llm)).handle((reply, failure) -> {
            if (failure != null) {
                return Availability.no(Failures.say(failure));
            }
            boolean up = strict(llm.type()) ? reply.status() == 200 : reply.status() < 500;
            return new Availability(up, "HTTP " + reply.status());
        });
        if (llm.type() != BackendType.VLLM || llm.available().url() != null) {
            return health;
        }
        return health.thenCompose(
                answer -> answer.up() ? awake(llm, answer) : CompletableFuture.completedFuture(answer));
    }

    /** A vLLM that sleeps answers its health check; only this endpoint, where it is switched on, tells. */
    private CompletableFuture<Availability> awake(LlmConfig llm, Availability healthy) {
        return get(llm, root(llm) + "/is_sleeping")
                .handle((reply, failure) -> failure == null
                                && reply.status() == 200
                                && SLEEPING.matcher(reply.body()).find()
                        ? Availability.no("it sleeps")
                        : healthy);
    }

    private CompletableFuture<Reply> get(LlmConfig llm, String url) {
        Map<String, String> headers = llm.apiKey() == null
                ? Map.of()
                : Map.of("authorization", "Bearer " + llm.apiKey().value());
        return http.call("GET", url, headers, "", llm.available().timeout());
    }

    private static String url(LlmConfig llm) {
        if (llm.available().url() != null) {
            return llm.available().url().toString();
        }
        return switch (llm.type()) {
            case OPENAI -> llm.url() + "/models";
            case OLLAMA -> root(llm) + "/api/tags";
            case LLAMA_CPP, VLLM -> root(llm) + "/health";
            case LMSTUDIO -> root(llm) + "/api/v1/models";
        };
    }

    /** Where the paths of the backend's own begin: before OpenAI's {@code /v1}. */
    private static String root(LlmConfig llm) {
        String url = llm.url().toString();
        return url.endsWith("/v1") ? url.substring(0, url.length() - 3) : url;
    }

    /** Whether only 200 counts: these say 503 while they load, and their path is known. */
    private static boolean strict(BackendType type) {
        return switch (type) {
            case LLAMA_CPP, VLLM -> true;
            case OPENAI, OLLAMA, LMSTUDIO -> false;
        };
    }
}
