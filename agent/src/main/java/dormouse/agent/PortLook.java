package dormouse.agent;

import dormouse.agent.HttpCaller.Reply;
import dormouse.agent.Sighting.Find;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * Looks at one port of this machine: which kind of model server answers there, told by its answers, and what models it
 * has. It asks for lists alone, one request after another: nothing that would load a model. On the loop alone.
 *
 * <p>All of them have {@code /v1/models}, where llama.cpp and vLLM name themselves; Ollama and LM Studio are told by
 * lists of their own, which have more in them. What is left is any server with OpenAI's paths.
 */
final class PortLook {
    private final HttpCaller http;
    private final Duration timeout;

    /** @param timeout of each request */
    PortLook(HttpCaller http, Duration timeout) {
        this.http = http;
        this.timeout = timeout;
    }

    /** Completes on the loop, never with a failure. */
    CompletableFuture<Sighting> look(int port) {
        return ask(port, "/v1/models", (reply, failure) -> {
            if (failure != null || reply.status() >= 500) {
                return done(new Sighting.Nothing());
            }
            if (reply.status() == 401 || reply.status() == 403) {
                return done(new Sighting.Stranger("it wants a key: list its models in the file, with apiKey"));
            }
            return named(port, ModelLists.openAi(reply.body()), ModelLists.isOpenAi(reply.body()));
        });
    }

    private CompletableFuture<Sighting> named(int port, List<ModelLists.OpenAi> models, boolean openAi) {
        String owner = models.isEmpty() ? "" : models.get(0).owner().toLowerCase(Locale.ROOT);
        return switch (owner) {
            case "llamacpp" -> done(llamaCpp(port, models));
            case "vllm" -> vllm(port, models);
            default -> ollama(port, models, openAi);
        };
    }

    /** Only its router has something to load and unload; of others one model is all there is. */
    private static Sighting llamaCpp(int port, List<ModelLists.OpenAi> models) {
        return new Sighting.Server(models.stream()
                .map(model -> {
                    boolean router = !model.status().isEmpty();
                    return new Find(port, BackendType.LLAMA_CPP, model.id(), router, router);
                })
                .toList());
    }

    /** Sleep is a switch of the whole server, and mostly off. With several models, one's sleep would be the others'. */
    private CompletableFuture<Sighting> vllm(int port, List<ModelLists.OpenAi> models) {
        return ask(port, "/is_sleeping", (reply, failure) -> {
            boolean switchable = failure == null && reply.status() == 200;
            return done(new Sighting.Server(models.stream()
                    .map(model ->
                            new Find(port, BackendType.VLLM, model.id(), switchable, switchable && models.size() == 1))
                    .toList()));
        });
    }

    private CompletableFuture<Sighting> ollama(int port, List<ModelLists.OpenAi> models, boolean openAi) {
        return ask(port, "/api/tags", (reply, failure) -> {
            List<String> names = failure == null && reply.status() == 200 ? ModelLists.ollama(reply.body()) : null;
            return names == null
                    ? lmStudio(port, models, openAi)
                    : done(new Sighting.Server(names.stream()
                            .map(name -> new Find(port, BackendType.OLLAMA, name, true, true))
                            .toList()));
        });
    }

    private CompletableFuture<Sighting> lmStudio(int port, List<ModelLists.OpenAi> models, boolean openAi) {
        return ask(port, "/api/v1/models", (reply, failure) -> {
            List<ModelLists.LmStudio> own =
                    failure == null && reply.status() == 200 ? ModelLists.lmStudio(reply.body()) : null;
            return own == null
                    ? olderLmStudio(port, models, openAi)
                    : done(new Sighting.Server(own.stream()
                            .map(model -> new Find(port, BackendType.LMSTUDIO, model.key(), true, true))
                            .toList()));
        });
    }

    /** Before 0.4 it can be seen which models there are, and nothing be loaded by request but with an inference. */
    private CompletableFuture<Sighting> olderLmStudio(int port, List<ModelLists.OpenAi> models, boolean openAi) {
        return ask(port, "/api/v0/models", (reply, failure) -> {
            boolean lmStudio = failure == null && reply.status() == 200 && ModelLists.isOpenAi(reply.body());
            if (!lmStudio && !openAi) {
                return done(new Sighting.Stranger("it has no list of models"));
            }
            return lmStudio
                    ? done(server(port, BackendType.LMSTUDIO, ModelLists.openAi(reply.body())))
                    : notOurselves(port, models);
        });
    }

    /** A Dormouse server lists what its agents publish: to publish that once more would never end. */
    private CompletableFuture<Sighting> notOurselves(int port, List<ModelLists.OpenAi> models) {
        return ask(
                port,
                "/api/llms",
                (reply, failure) -> done(
                        failure == null && reply.status() == 200 && ModelLists.isDormouse(reply.body())
                                ? new Sighting.Stranger("it is a Dormouse server")
                                : server(port, BackendType.OPENAI, models)));
    }

    private static Sighting server(int port, BackendType type, List<ModelLists.OpenAi> models) {
        return new Sighting.Server(models.stream()
                .map(model -> new Find(port, type, model.id(), false, false))
                .toList());
    }

    private CompletableFuture<Sighting> ask(
            int port, String path, BiFunction<Reply, Throwable, CompletableFuture<Sighting>> next) {
        return http.call("GET", "http://127.0.0.1:" + port + path, Map.of(), "", timeout, ModelLists.BYTES)
                .handle(next)
                .thenCompose(sighting -> sighting);
    }

    private static CompletableFuture<Sighting> done(Sighting sighting) {
        return CompletableFuture.completedFuture(sighting);
    }
}
