package dormouse.server.door;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;

/** Sends each request to what answers it. Event loops. */
final class Front {
    private static final String API = "/v1/";

    private final Routes routes;
    private final Infers infers;

    Front(Routes routes, Infers infers) {
        this.routes = routes;
        this.infers = infers;
    }

    void answer(HttpServerRequest request) {
        Call call = new Call(request);
        String path = call.path();
        HttpMethod method = request.method();
        Routes.Match match = routes.find(path);
        if (match != null) {
            if (method == HttpMethod.GET || method == HttpMethod.HEAD) {
                match.page().get(call, match.rest());
            } else {
                wrongMethod(call, "GET, HEAD");
            }
        } else if (path.startsWith(API) && path.length() > API.length() && method == HttpMethod.POST) {
            infers.post(call, path.substring(API.length()));
        } else {
            call.refuse(Refusal.nothing("there is nothing at " + method + " " + path));
        }
    }

    private static void wrongMethod(Call call, String allowed) {
        call.response().putHeader("allow", allowed);
        call.refuse(Refusal.method(call.request().method().name(), call.path(), allowed));
    }
}
