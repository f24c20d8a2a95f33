package dormouse.server.door;

import dormouse.server.auth.Caller;
import dormouse.server.auth.Visit;
import dormouse.server.control.Time;
import dormouse.server.control.Unread;
import dormouse.server.fleet.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request and its answer. On the event loop of its connection alone. */
final class Call {
    /** So long a client that is refused while it still sends may go on, so that it comes to read why. */
    private static final Duration LINGER = Duration.ofSeconds(5);

    private final HttpServerRequest request;
    private final Time time;
    private final Context loop = Vertx.currentContext();
    private final String path;
    private final Dialect dialect;
    private final List<Runnable> whenGone = new ArrayList<>();
    private final List<Runnable> whenOver = new ArrayList<>();
    private @Nullable Visit visit;
    private Unread.@Nullable Connection unread;
    private boolean over;

    Call(HttpServerRequest request, Time time) {
        this.request = request;
        this.time = time;
        this.path = request.path() == null ? "" : request.path();
        this.dialect = Dialect.of(path);
        request.exceptionHandler(broken -> {}); // the answer's handlers hear of it, too
        response().endHandler(ended -> end(false));
        response().closeHandler(closed -> end(true));
        response().exceptionHandler(failed -> end(true));
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

    /** Whole answers are counted there until they have left. */
    void countOn(Unread.Connection connection) {
        unread = connection;
    }

    /**
     * Whether it may be answered: else its client leaves too much unread already, and is refused, or, where what it is told would
     * only wait behind the rest, cut off.
     */
    boolean isRead() {
        Failure why = unread == null ? null : unread.refusal();
        if (why == null) {
            return true;
        }
        if (multiplexed()) {
            refuse(Refusal.of(why));
        } else {
            request.connection().close();
        }
        return false;
    }

    /** It is let in: until it is over. */
    void letIn(Visit by) {
        visit = by;
        whenOver(by::close);
        if (over) {
            by.close();
        }
    }

    /** @throws IllegalStateException where nobody has let it in: then nothing may be answered but a refusal */
    Visit visit() {
        if (visit == null) {
            throw new IllegalStateException("a call came in past the entrance");
        }
        return visit;
    }

    Caller caller() {
        return visit().caller();
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
            counted(body.length, response.end(Buffer.buffer(body)));
        }
    }

    /** A piece of an answer of which there will be more. */
    void write(String piece) {
        byte[] bytes = piece.getBytes(StandardCharsets.UTF_8);
        counted(bytes.length, response().write(Buffer.buffer(bytes)));
    }

    private void counted(long bytes, Future<Void> leaving) {
        Unread.Connection connection = unread;
        if (connection != null) {
            connection.answered(bytes);
            leaving.onComplete(left -> connection.taken(bytes)); // comes, too, when the connection is closed before
        }
    }

    void refuse(Refusal refusal) {
        refuse(refusal, dialect);
    }

    void refuse(Refusal refusal, Dialect shape) {
        if (over) {
            return;
        }
        if (refusal.retryAfter() != null) {
            response().putHeader("retry-after", Long.toString(refusal.retryAfter()));
        }
        boolean unread = isUnread();
        if (unread && !multiplexed()) {
            response().putHeader("connection", "close");
        }
        json(refusal.status(), shape.body(refusal));
        if (unread) {
            letGo();
        }
    }

    /** Whether more of its body is to come; a request without one has not ended yet either when it is first seen. */
    private boolean isUnread() {
        if (request.isEnded()) {
            return false;
        }
        String length = request.getHeader("content-length");
        return length == null
                ? request.getHeader("transfer-encoding") != null
                        || (multiplexed() && request.method() == HttpMethod.POST)
                : !length.equals("0");
    }

    /** What the client still sends is dropped until it ends, or for a while: who is cut off while sending reads nothing. */
    private void letGo() {
        Time.Alarm alarm = time.after(LINGER, () -> loop.runOnContext(now -> close()));
        request.handler(dropped -> {});
        request.endHandler(ended -> {
            alarm.cancel();
            if (!multiplexed()) {
                close();
            }
        });
        request.resume();
    }

    private void close() {
        if (multiplexed()) {
            response().reset(0);
        } else {
            request.connection().close();
        }
    }

    /** The last of an answer that has begun. */
    void end(String last) {
        if (!over) {
            response().end(last);
        }
    }

    /** Ends an answer that has begun in a way that nobody takes for its end. */
    void breakOff() {
        if (!over) {
            end(false);
            response().reset();
        }
    }

    private boolean multiplexed() {
        return request.version() == HttpVersion.HTTP_2;
    }
}
