package dormouse.agent;

import dormouse.agent.HttpCaller.Reply;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a backend whether it answers, in the way of its type and never by an inference, which would wake it or pin its
 * model in memory. On the loop alone; its answers come there and are never failures.
 */
final class Prober {
    private static final Pattern SLEEPING = Pattern.compile("\"is_sleeping\"\\s*:\\s*true");

    private static final Logger log = LoggerFactory.getLogger(Prober.class);

    private final HttpCaller http;

    Prober(HttpCaller http) {
        this.http = http;
    }

    CompletableFuture<Availability> probe(LlmConfig llm) {
        CompletableFuture<Availability> health = get(llm, url(llm)).handle((reply, failure) -> {
            if (failure != null) {
                log.debug("backend does not answer llm={} cause={}", llm.name(), Failures.say(failure));
                return Availability.no(Failures.told(failure));
            }
            boolean up = strict(llm.type()) ? reply.status() == 200 : reply.status() < 500;
            return new Availability(up, "HTTP " + reply.status());
        });
        if (llm.available().url() != null) {
            return health;
        }
        return switch (llm.type()) {
            case VLLM -> ifUp(health, answer -> awake(llm, answer));
            case LLAMA_CPP -> ifUp(health, answer -> loaded(llm, answer));
            case OPENAI, OLLAMA, LMSTUDIO -> health;
        };
    }

    private static CompletableFuture<Availability> ifUp(
            CompletableFuture<Availability> health, Function<Availability, CompletableFuture<Availability>> then) {
        return health.thenCompose(
                answer -> answer.up() ? then.apply(answer) : CompletableFuture.completedFuture(answer));
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

    /** A router of llama.cpp is healthy while it still loads the model that it was told to load. */
    private CompletableFuture<Availability> loaded(LlmConfig llm, Availability healthy) {
        return list(llm, llm.url() + "/models")
                .handle((reply, failure) -> failure == null
                                && ModelLists.openAi(reply.body()).stream()
                                        .anyMatch(model -> model.id().equals(llm.model())
                                                && model.status().equals("loading"))
                        ? Availability.no("it loads")
                        : healthy);
    }

    private CompletableFuture<Reply> list(LlmConfig llm, String url) {
        return http.call("GET", url, headers(llm), "", llm.available().timeout(), ModelLists.BYTES);
    }

    private CompletableFuture<Reply> get(LlmConfig llm, String url) {
        return http.call("GET", url, headers(llm), "", llm.available().timeout());
    }

    private static Map<String, String> headers(LlmConfig llm) {
        return Secret.bearer(llm.apiKey());
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

    private static String root(LlmConfig llm) {
        return BackendType.root(llm.url()).toString();
    }

    /** Whether only 200 counts: these say 503 while they load, and their path is known. */
    private static boolean strict(BackendType type) {
        return switch (type) {
            case LLAMA_CPP, VLLM -> true;
            case OPENAI, OLLAMA, LMSTUDIO -> false;
        };
    }
}
