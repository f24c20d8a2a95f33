package dormouse.server.door;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.List;

/** One request and its answer. On the event loop of its connection alone. */
final class Call {
    private final HttpServerRequest request;
    private final String path;
    private final Dialect dialect;
    private final List<Runnable> whenGone = new ArrayList<>();
    private final List<Runnable> whenOver = new ArrayList<>();
    private boolean over;

    Call(HttpServerRequest request) {
        this.request = request;
        this.path = request.path() == null ? "" : request.path();
        this.dialect = Dialect.of(path);
        request.response().endHandler(ended -> end(false));
        request.response().closeHandler(closed -> end(true));
        request.response().exceptionHandler(failed -> end(true));
    }

    private void end(boolean gone) {
        if (!over) {
            over = true;
            if (gone) {
                whenGone.forEach(Runnable::run);
            }
            whenOver.forEach(Runnable::run);
        }
    }

    HttpServerRequest request() {
        return request;
    }

    HttpServerResponse response() {
        return request.response();
    }

    /** As the client wrote it, percent signs and all, without the query. */
    String path() {
        return path;
    }

    Dialect dialect() {
        return dialect;
    }

    /** Whether nothing can be answered any more. */
    boolean over() {
        return over;
    }

    /** Happens when the client goes away before its answer has ended. */
    void whenGone(Runnable then) {
        whenGone.add(then);
    }

    /** Happens when the answer has ended, or can't any more. */
    void whenOver(Runnable then) {
        whenOver.add(then);
    }

    void json(int status, byte[] body) {
        answer(status, "application/json", body);
    }

    /** A whole answer; of it a HEAD gets the headers. */
    void answer(int status, String contentType, byte[] body) {
        if (over) {
            return;
        }
        HttpServerResponse response = response().setStatusCode(status);
        response.putHeader("content-type", contentType).putHeader("content-length", Integer.toString(body.length));
        if (request.method() == HttpMethod.HEAD) {
            response.end();
        } else {
            response.end(Buffer.buffer(body));
        }
    }

    void refuse(Refusal refusal) {
        if (over) {
            return;
        }
        if (refusal.retryAfter() != null) {
            response().putHeader("retry-after", Long.toString(refusal.retryAfter()));
        }
        json(refusal.status(), dialect.body(refusal));
    }
}
