package dormouse.agent;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dormouse.agent.HttpCaller.Reply;
import dormouse.agent.Recipe.ReadyMade.Action;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One run of a ready-made recipe: the requests by which a backend loads a model, or gives its memory back. Most take one
 * request. What is loaded already needs no loading, and what isn't no unloading: both are success. On the loop alone.
 */
final class ReadyMadeRun {
    /** What Ollama says of a model for embeddings, which is loaded by another of its paths. */
    private static final Pattern NO_GENERATOR = Pattern.compile("does not support generate");

    /** What llama.cpp's router says of a model that is as it should be. */
    private static final Pattern ALREADY = Pattern.compile("(?i)already|not loaded|not running");

    private final Recipe.ReadyMade recipe;
    private final HttpCaller http;
    private final Loop loop;
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private Duration limit = Duration.ZERO;
    private @Nullable CompletableFuture<Reply> call;

    ReadyMadeRun(Recipe.ReadyMade recipe, HttpCaller http, Loop loop) {
        this.recipe = recipe;
        this.http = http;
        this.loop = loop;
    }

    CompletableFuture<@Nullable Void> start(Duration within) {
        limit = within;
        Loop.Timer timer = loop.after(
                within,
                () -> fail("it took longer than " + Spans.say(within), "took longer than " + Spans.say(within)));
        Then.handle(done, (nothing, failure) -> {
            timer.cancel();
            if (call != null) {
                call.cancel(false);
            }
        });
        boolean wake = recipe.action() == Action.WAKE;
        switch (recipe.kind()) {
            case OLLAMA -> ollama(wake);
            case LLAMA_CPP -> llamaCpp(wake);
            case LMSTUDIO -> lmStudio(wake);
            case VLLM -> post(wake ? "/wake_up" : "/sleep?level=1", null, this::finish);
            case OPENAI -> throw new IllegalArgumentException("no recipe is ready-made for " + recipe.kind());
        }
        return done;
    }

    private void ollama(boolean wake) {
        ObjectNode body = model();
        if (!wake) {
            body.put("keep_alive", 0);
        }
        post("/api/generate", body, reply -> {
            if (wake
                    && reply.status() >= 400
                    && NO_GENERATOR.matcher(reply.body()).find()) {
                post("/api/embed", model(), this::finish);
            } else {
                finish(reply);
            }
        });
    }

    private void llamaCpp(boolean wake) {
        post(wake ? "/models/load" : "/models/unload", model(), reply -> {
            if (reply.status() == 400 && ALREADY.matcher(reply.body()).find()) {
                done.complete(null);
            } else {
                finish(reply);
            }
        });
    }

    /** Its list says what of the model is in memory: loading it again would take the memory twice. */
    private void lmStudio(boolean wake) {
        send("GET", "/api/v1/models", null, reply -> {
            List<ModelLists.LmStudio> models = reply.status() == 200 ? ModelLists.lmStudio(reply.body()) : null;
            if (models == null) {
                fail(
                        "it takes LM Studio 0.4 or newer",
                        "GET /api/v1/models answered " + said(reply) + "; it takes LM Studio 0.4 or newer");
                return;
            }
            List<String> loaded = models.stream()
                    .flatMap(model -> model.instances().stream()
                            .filter(id -> model.key().equals(recipe.model()) || id.equals(recipe.model())))
                    .toList();
            if (!wake) {
                unload(loaded);
            } else if (loaded.isEmpty()) {
                post("/api/v1/models/load", model(), this::finish);
            } else {
                done.complete(null);
            }
        });
    }

    private void unload(List<String> instances) {
        if (instances.isEmpty()) {
            done.complete(null);
            return;
        }
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("instance_id", instances.get(0));
        post("/api/v1/models/unload", body, reply -> {
            if (reply.status() >= 400) {
                finish(reply);
            } else {
                unload(instances.subList(1, instances.size()));
            }
        });
    }

    private ObjectNode model() {
        return JsonNodeFactory.instance.objectNode().put("model", recipe.model());
    }

    private void post(String path, @Nullable ObjectNode body, Consumer<Reply> next) {
        send("POST", path, body, next);
    }

    private void send(String method, String path, @Nullable ObjectNode body, Consumer<Reply> next) {
        Map<String, String> headers = new HashMap<>(Secret.bearer(recipe.apiKey()));
        if (body != null) {
            headers.put("content-type", "application/json");
        }
        CompletableFuture<Reply> sent = http.call(
                method,
                recipe.root() + path,
                headers,
                body == null ? "" : body.toString(),
                limit,
                method.equals("GET") ? ModelLists.BYTES : HttpCaller.BODY_BYTES);
        call = sent;
        Then.handle(sent, (reply, failure) -> {
            if (done.isDone()) {
                return;
            }
            if (failure != null) {
                fail(
                        "its request failed: " + Failures.told(failure),
                        method + " " + path + ": " + Failures.say(failure));
            } else {
                next.accept(reply);
            }
        });
    }

    private void finish(Reply last) {
        if (last.status() < 400) {
            done.complete(null);
        } else {
            fail("its request was answered " + last.status(), "answered " + said(last));
        }
    }

    private static String said(Reply reply) {
        String detail = Failures.oneLine(reply.body());
        return reply.status() + (detail.isEmpty() ? "" : ": " + detail);
    }

    private void fail(String told, String detail) {
        done.completeExceptionally(new RecipeFailed(told, recipe + ": " + detail));
    }
}
