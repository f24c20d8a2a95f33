package dormouse.server.door;

import dormouse.server.control.Head;
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
        HttpServerResponse response = call.response().setStatusCode(head.status());
        head.headers().forEach(response::putHeader);
        if (!head.contentType().isEmpty()) {
            response.putHeader("content-type", head.contentType());
        }
        if (head.status() != 204 && head.status() != 304) {
            response.setChunked(true);
        }
        return new Passing(call, isEventStream(head));
    }

    static boolean isEventStream(Head head) {
        return head.contentType().toLowerCase(Locale.ROOT).startsWith("text/event-stream");
    }
}
