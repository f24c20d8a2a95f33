package dormouse.server.door;

import dormouse.server.auth.Right;
import dormouse.server.control.Time;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sends each request to what answers it. Event loops. */
final class Front {
    private static final String API = "/v1/";
    private static final String READ = "GET, HEAD";
    /** Where a GET is a slip; elsewhere below /v1/ it asks for something that is not there. */
    private static final Set<String> INFERS = Set.of(
            "chat/completions",
            "completions",
            "embeddings",
            "responses",
            "messages",
            "messages/count_tokens",
            "rerank",
            "moderations",
            "audio/speech",
            "audio/transcriptions",
            "audio/translations",
            "images/generations",
            "images/edits");

    private final Routes routes;
    private final Entrance entrance;
    private final Infers infers;
    private final Cors cors;
    private final @Nullable Browsers browsers;
    private final Connections connections;
    private final Time time;

    /** @param browsers null where a token keeps them out */
    Front(
            Routes routes,
            Entrance entrance,
            Infers infers,
            Cors cors,
            @Nullable Browsers browsers,
            Connections connections,
            Time time) {
        this.routes = routes;
        this.entrance = entrance;
        this.infers = infers;
        this.cors = cors;
        this.browsers = browsers;
        this.connections = connections;
        this.time = time;
    }

    void answer(HttpServerRequest request) {
        Call call = new Call(request, time);
        connections.begins(call);
        if (cors.answers(call)) {
            return;
        }
        Refusal stranger = browsers == null ? null : browsers.refusal(request);
        if (stranger != null) {
            call.refuse(stranger);
            return;
        }
        if (!call.isRead()) {
            return;
        }
        String path = call.path();
        HttpMethod method = request.method();
        Routes.Match match = routes.find(path);
        if (!entrance.lets(call, match == null ? Right.USE : match.right())) {
            return;
        }
        if (match != null) {
            if (method == HttpMethod.GET || method == HttpMethod.HEAD) {
                match.page().get(call, match.rest());
            } else {
                wrongMethod(call, READ);
            }
        } else if (path.startsWith(API) && path.length() > API.length()) {
            below(call, path.substring(API.length()), method);
        } else {
            call.refuse(Refusal.nothing("there is nothing at " + path));
        }
    }

    private void below(Call call, String path, HttpMethod method) {
        if (method == HttpMethod.POST) {
            infers.post(call, path);
        } else if (INFERS.contains(path)) {
            wrongMethod(call, "POST");
        } else {
            call.refuse(
                    Refusal.nothing(
                            "there is nothing to " + method + " at " + call.path()
                                    + ": this server keeps no files, batches or answers, it passes each POST to the Llm that its model names"));
        }
    }

    private static void wrongMethod(Call call, String allowed) {
        call.response().putHeader("allow", allowed);
        call.refuse(Refusal.method(call.request().method().name(), call.path(), allowed));
    }

    /** What is not HTTP, or more of it than a head may have. */
    void unreadable(HttpServerRequest request) {
        Call call = new Call(request, time);
        connections.begins(call);
        Throwable cause = request.decoderResult().cause();
        if (cause instanceof TooLongHttpLineException) {
            call.refuse(
                    Refusal.unreadable(414, "the request's first line has more than " + Door.LONGEST_LINE + " bytes"));
        } else if (cause instanceof TooLongHttpHeaderException) {
            call.refuse(
                    Refusal.unreadable(431, "the request's headers have more than " + Door.LONGEST_HEADERS + " bytes"));
        } else {
            call.refuse(Refusal.unreadable(400, "the request is not HTTP as it is written"));
        }
    }
}
