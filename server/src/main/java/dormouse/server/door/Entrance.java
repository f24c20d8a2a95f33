package dormouse.server.door;

import dormouse.server.auth.Gate;
import dormouse.server.auth.Right;
import dormouse.server.auth.Secrets;
import dormouse.server.control.Time;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;

/** Looks who calls, from the head of the request alone. Event loops. */
final class Entrance {
    private final Gate gate;
    private final Time time;

    Entrance(Gate gate, Time time) {
        this.gate = gate;
        this.time = time;
    }

    /** Whether the call goes on; else it is refused here. */
    boolean lets(Call call, Right right) {
        HttpServerRequest request = call.request();
        String secret = Secrets.shown(request.getHeader("authorization"), request.getHeader("x-api-key"));
        Gate.Answer answer = gate.enter(secret, right, address(request), time.now(), time.nanos());
        if (answer instanceof Gate.In in) {
            call.letIn(in.visit());
            return true;
        }
        Refusal refusal = Refusal.of(((Gate.Out) answer).why());
        if (refusal.status() == 401) {
            call.response().putHeader("www-authenticate", "Bearer");
        }
        call.refuse(refusal);
        return false;
    }

    private static String address(HttpServerRequest request) {
        SocketAddress address = request.remoteAddress();
        String host = address == null ? null : address.hostAddress();
        return host == null ? "unknown" : host;
    }
}
