package dormouse.server.door;

import dormouse.server.control.Head;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.Locale;

/** How the answer of a backend becomes that of the call. On its event loop. */
interface Answer {
    void chunk(Buffer data);

    /** All of it has come. */
    void whole();

    /** No more will come, though it is not whole. */
    void broken(Refusal why);

    /** As the backend gives it, byte for byte. */
    static Answer passing(Call call, Head head) {
        boolean events = isEventStream(head);
        HttpServerResponse response = call.response().setStatusCode(head.status());
        head.headers().forEach(response::putHeader);
        if (!head.contentType().isEmpty()) {
            response.putHeader("content-type", head.contentType());
        }
        if (events) {
            response.putHeader("x-accel-buffering", "no");
        }
        if (head.status() != 204 && head.status() != 304) {
            response.setChunked(true);
        }
        return new Passing(call, events);
    }

    /** The head of an event stream, before the backend has said anything. */
    static void beginEvents(Call call) {
        call.response()
                .setStatusCode(200)
                .putHeader("content-type", "text/event-stream")
                .putHeader("cache-control", "no-cache")
                .putHeader("x-accel-buffering", "no")
                .setChunked(true);
    }

    /** What can still be told to a client that has an event stream already. */
    static Answer afterComments(Call call, Head head) {
        if (head.status() < 200 || head.status() > 299) {
            return new ErrorEvent(call, head);
        }
        if (isEventStream(head)) {
            return new Passing(call, true);
        }
        if (isText(head)) {
            return new OneEvent(call);
        }
        Failure why = Failure.of(
                Reason.BACKEND_FAILED,
                "the backend answered with " + head.contentType() + " where an event stream had been asked for");
        return new ErrorEvent(call, Refusal.of(why));
    }

    private static boolean isEventStream(Head head) {
        return head.contentType().toLowerCase(Locale.ROOT).startsWith("text/event-stream");
    }

    private static boolean isText(Head head) {
        String type = head.contentType().toLowerCase(Locale.ROOT);
        return type.isEmpty() || type.startsWith("text/") || type.contains("json");
    }
}
