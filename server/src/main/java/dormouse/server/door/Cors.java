package dormouse.server.door;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lets pages of the origins that the operator names call from a browser. Stateless; event loops. */
final class Cors {
    private static final String ANY = "*";
    private static final String EXPOSED = "retry-after, x-dormouse-task, x-request-id";

    private final List<String> origins;

    Cors(List<String> origins) {
        this.origins = origins;
    }

    /** Marks the answer as one that the page may read; a browser's question whether it may ask at all is answered here: true. */
    boolean answers(Call call) {
        if (origins.isEmpty()) {
            return false;
        }
        HttpServerRequest request = call.request();
        HttpServerResponse response = call.response();
        String origin = request.getHeader("origin");
        boolean asks = request.method() == HttpMethod.OPTIONS
                && origin != null
                && request.getHeader("access-control-request-method") != null;
        if (!origins.contains(ANY)) {
            response.putHeader("vary", asks ? "origin, access-control-request-headers" : "origin");
        }
        String allowed = allowed(origin);
        if (allowed != null) {
            response.putHeader("access-control-allow-origin", allowed);
            response.putHeader("access-control-expose-headers", EXPOSED);
        }
        if (!asks) {
            return false;
        }
        if (allowed != null) {
            response.putHeader("access-control-allow-methods", "GET, HEAD, POST");
            String headers = request.getHeader("access-control-request-headers");
            if (headers != null) {
                response.putHeader("access-control-allow-headers", headers);
            }
            response.putHeader("access-control-max-age", "600");
        }
        response.setStatusCode(204).end();
        return true;
    }

    private @Nullable String allowed(@Nullable String origin) {
        if (origins.contains(ANY)) {
            return ANY;
        }
        return origin != null && origins.contains(origin) ? origin : null;
    }
}
