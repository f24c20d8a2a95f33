package dormouse.server.door;

import dormouse.server.relay.Deadlines;
import dormouse.server.relay.PassingHeaders;
import dormouse.settings.Units;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a request says in its headers, checked. Stateless. */
final class CallHeaders {
    private static final String DEADLINE = "x-dormouse-deadline-";
    private static final List<String> PHASES = List.of("queue", "wake", "first-byte", "idle", "total");

    private CallHeaders() {}

    /** Those that pass to a backend; one that stands there several times is one with commas. */
    static Map<String, String> passing(MultiMap said) throws Asked.MalformedException {
        Map<String, String> passing = new HashMap<>();
        for (String name : PassingHeaders.NAMES) {
            List<String> values = said.getAll(name);
            if (!values.isEmpty()) {
                String value = String.join(",", values);
                String wrong = PassingHeaders.wrong(name, value);
                if (wrong != null) {
                    throw new Asked.MalformedException(name, wrong);
                }
                passing.put(name, value);
            }
        }
        return passing;
    }

    /** The server's deadlines, or what the request asks for where that is shorter. */
    static Deadlines deadlines(Deadlines most, MultiMap said) throws Asked.MalformedException {
        for (String name : said.names()) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.startsWith(DEADLINE) && !PHASES.contains(lower.substring(DEADLINE.length()))) {
                throw new Asked.MalformedException(
                        lower, "header " + lower + ": there is no such deadline, but " + String.join(", ", PHASES));
            }
        }
        return most.atMost(
                deadline(said, "queue"),
                deadline(said, "wake"),
                deadline(said, "first-byte"),
                deadline(said, "idle"),
                deadline(said, "total"));
    }

    private static @Nullable Duration deadline(MultiMap said, String phase) throws Asked.MalformedException {
        String name = DEADLINE + phase;
        String value = said.get(name);
        if (value == null) {
            return null;
        }
        Duration duration = Units.duration(value.strip());
        if (duration == null) {
            throw new Asked.MalformedException(name, "header " + name + ": its value " + Units.DURATION_RULE);
        }
        if (duration.isZero()) {
            throw new Asked.MalformedException(name, "header " + name + ": more than 0");
        }
        return duration;
    }
}
