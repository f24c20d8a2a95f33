package dormouse.server.door;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a browser on the operator's own machine from being made a way in, where no token is asked for: any page that is
 * open there can send a request to loopback, and one whose name's owner points it at 127.0.0.1 (DNS rebinding) can read
 * the answer, too. So the page has to be this door's own or of a listed origin, and the door has to be called by an
 * address, by a name that no stranger can own, or by a listed one. Programs that are no browsers send no origin. Stateless.
 */
final class Browsers {
    private static final String ANY = "*";
    private static final Set<String> PROBES = Set.of("/healthz", "/readyz");
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[?[0-9a-f:.]*:[0-9a-f:.]*(%.*)?]?");

    private final List<String> origins;
    private final List<String> hosts;

    Browsers(List<String> origins, List<String> hosts) {
        this.origins = origins;
        this.hosts = hosts;
    }

    /** Why this request is not answered; null where it is. */
    @Nullable
    Refusal refusal(HttpServerRequest request) {
        if (PROBES.contains(request.path())) {
            return null;
        }
        HostAndPort called = request.authority();
        if (called != null && !isOurs(called.host().toLowerCase(Locale.ROOT))) {
            return Refusal.of(Failure.of(
                    Reason.FORBIDDEN,
                    "this server is not called " + called.host() + ": http.hosts lists the names that it has"));
        }
        String origin = request.getHeader("origin");
        if (origin != null && !isAllowed(origin, called)) {
            return Refusal.of(Failure.of(
                    Reason.FORBIDDEN,
                    "pages of " + origin + " may not call this server: http.cors lists the origins that may"));
        }
        return null;
    }

    private boolean isOurs(String host) {
        return hosts.contains(ANY)
                || hosts.contains(host)
                || !host.contains(".")
                || host.endsWith(".localhost")
                || ADDRESS.matcher(host).matches();
    }

    private boolean isAllowed(String origin, @Nullable HostAndPort called) {
        if (origins.contains(ANY) || origins.contains(origin)) {
            return true;
        }
        int scheme = origin.indexOf("://");
        if (called == null || scheme < 0) {
            return false;
        }
        String from = origin.substring(scheme + 3).toLowerCase(Locale.ROOT);
        String here = called.host().toLowerCase(Locale.ROOT);
        return called.port() < 0 ? from.equals(here) : from.equals(here + ":" + called.port());
    }
}
