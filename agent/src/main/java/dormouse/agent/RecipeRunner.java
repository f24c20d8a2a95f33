package dormouse.agent;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Runs recipes for real: over HTTP, as a command, as a magic packet. What blocks runs on the workers. */
final class RecipeRunner implements Recipes {
    private final HttpCaller http;
    private final Loop loop;
    private final Executor workers;

    RecipeRunner(HttpCaller http, Loop loop, Executor workers) {
        this.http = http;
        this.loop = loop;
        this.workers = workers;
    }

    @Override
    public CompletableFuture<@Nullable Void> run(Recipe recipe, Duration limit) {
        if (recipe instanceof Recipe.Http request) {
            return http(request, limit);
        }
        if (recipe instanceof Recipe.Command command) {
            return new CommandRun(command, loop, workers).start(limit);
        }
        if (recipe instanceof Recipe.ReadyMade readyMade) {
            return new ReadyMadeRun(readyMade, http, loop).start(limit);
        }
        return new MagicPacket((Recipe.WakeOnLan) recipe).send(loop, workers);
    }

    private CompletableFuture<@Nullable Void> http(Recipe.Http request, Duration limit) {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        CompletableFuture<HttpCaller.Reply> call =
                http.call(request.method(), request.url().toString(), request.headers(), request.body(), limit);
        Then.handle(call, (reply, failure) -> {
            if (failure != null) {
                done.completeExceptionally(new RecipeFailed(
                        "its request failed: " + Failures.told(failure), request + ": " + Failures.say(failure)));
            } else if (reply.status() >= 400) {
                String detail = Failures.oneLine(reply.body());
                done.completeExceptionally(new RecipeFailed(
                        "its request was answered " + reply.status(),
                        request + " answered " + reply.status() + (detail.isEmpty() ? "" : ": " + detail)));
            } else {
                done.complete(null);
            }
        });
        Then.handle(done, (nothing, failure) -> call.cancel(false));
        return done;
    }
}
