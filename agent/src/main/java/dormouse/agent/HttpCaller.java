package dormouse.agent;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Small requests of the agent's own: checks and recipes. Each has a connection of its own, and what it reads of an
 * answer is bounded. On the loop alone; the futures complete there, and cancelling one closes its connection.
 */
final class HttpCaller {
    /** What is read of an answer, unless somebody wants more. */
    static final int BODY_BYTES = 4 * 1024;

    /** An answer, with the beginning of its body. */
    record Reply(int status, String body) {}

    private final HttpClients clients;
    private final Loop loop;

    HttpCaller(HttpClients clients, Loop loop) {
        this.clients = clients;
        this.loop = loop;
    }

    CompletableFuture<Reply> call(
            String method, String url, Map<String, String> headers, String body, Duration timeout) {
        return call(method, url, headers, body, timeout, BODY_BYTES);
    }

    /** @param bytes to read of the answer, at most */
    CompletableFuture<Reply> call(
            String method, String url, Map<String, String> headers, String body, Duration timeout, int bytes) {
        Pending pending = new Pending(bytes);
        Loop.Timer timer = loop.after(
                timeout,
                () -> pending.reply.completeExceptionally(
                        new TimeoutException("no answer within " + Spans.say(timeout))));
        Then.handle(pending.reply, (reply, failure) -> {
            timer.cancel();
            pending.release();
        });
        clients.fresh()
                .request(new RequestOptions()
                        .setMethod(HttpMethod.valueOf(method))
                        .setAbsoluteURI(url))
                .onSuccess(request -> pending.send(request, headers, body))
                .onFailure(pending.reply::completeExceptionally);
        return pending.reply;
    }

    private static final class Pending {
        final CompletableFuture<Reply> reply = new CompletableFuture<>();
        private final int bytes;
        private @Nullable HttpClientRequest request;

        Pending(int bytes) {
            this.bytes = bytes;
        }

        void send(HttpClientRequest connected, Map<String, String> headers, String body) {
            request = connected;
            if (reply.isDone()) {
                release();
                return;
            }
            headers.forEach(connected::putHeader);
            connected.response().onSuccess(this::receive).onFailure(reply::completeExceptionally);
            if (body.isEmpty()) {
                connected.end();
            } else {
                connected.end(body);
            }
        }

        private void receive(HttpClientResponse response) {
            Buffer text = Buffer.buffer();
            response.exceptionHandler(reply::completeExceptionally);
            response.handler(data -> {
                text.appendBuffer(data);
                if (text.length() >= bytes) {
                    reply.complete(new Reply(response.statusCode(), text.getString(0, bytes)));
                }
            });
            response.endHandler(ignored -> reply.complete(new Reply(response.statusCode(), text.toString())));
        }

        void release() {
            if (request != null) {
                request.reset();
            }
        }
    }
}
