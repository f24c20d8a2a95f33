package dormouse.server.door;

import dormouse.server.auth.Right;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

    /** @param right what it takes to ask */
    record Match(Page page, String rest, Right right) {}

    private record Below(String prefix, Right right, Page page) {}

    private record Exact(Right right, Page page) {}

    private final Map<String, Exact> exact = new HashMap<>();
    private final List<Below> below = new ArrayList<>();

    /** At just this path. */
    Routes at(String path, Right right, Page page) {
        exact.put(path, new Exact(right, page));
        return this;
    }

    /** At each path that begins like this, and goes on. */
    Routes below(String prefix, Right right, Page page) {
        below.add(new Below(prefix, right, page));
        return this;
    }

    /** Where there is something to get, a path for each. */
    Map<String, Right> rights() {
        Map<String, Right> rights = new TreeMap<>();
        exact.forEach((path, page) -> rights.put(path, page.right()));
        below.forEach(each -> rights.put(each.prefix() + "*", each.right()));
        return rights;
    }

    @Nullable
    Match find(String path) {
        Exact page = exact.get(path);
        if (page != null) {
            return new Match(page.page(), "", page.right());
        }
        for (Below each : below) {
            if (path.length() > each.prefix().length() && path.startsWith(each.prefix())) {
                return new Match(each.page(), path.substring(each.prefix().length()), each.right());
            }
        }
        return null;
    }
}
