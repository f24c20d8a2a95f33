package dormouse.server.door;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What answers GET, and with it HEAD, at which path: the seam by which the page, the metrics and the like come to this
 * door. Filled before the door opens, read only afterwards.
 */
final class Routes {
    /** Answers a GET. On an event loop: must not block; what takes long answers later, on the call's own context. */
    interface Page {
        /** @param rest of the path, behind that of the route, as the client wrote it; empty for a route without one */
        void get(Call call, String rest);
    }

    record Match(Page page, String rest) {}

    private record Below(String prefix, Page page) {}

    private final Map<String, Page> exact = new HashMap<>();
    private final List<Below> below = new ArrayList<>();

    /** At just this path. */
    Routes at(String path, Page page) {
        exact.put(path, page);
        return this;
    }

    /** At each path that begins like this, and goes on. */
    Routes below(String prefix, Page page) {
        below.add(new Below(prefix, page));
        return this;
    }

    @Nullable
    Match find(String path) {
        Page page = exact.get(path);
        if (page != null) {
            return new Match(page, "");
        }
        for (Below each : below) {
            if (path.length() > each.prefix().length() && path.startsWith(each.prefix())) {
                return new Match(each.page(), path.substring(each.prefix().length()));
            }
        }
        return null;
    }
}
