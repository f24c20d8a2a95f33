package dormouse.server.api;

import dormouse.contract.Times;
import dormouse.server.fleet.Reason;
import dormouse.server.relay.Deadlines;
import dormouse.server.relay.PassingHeaders;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What requests say of their deadlines and headers, checked. Stateless. */
final class InferCalls {
    private InferCalls() {}

    /** The server's deadlines, or what the request asks for where that is shorter. */
    static Deadlines deadlines(Deadlines most, boolean asked, dormouse.v1.Deadlines said) {
        if (!asked) {
            return most;
        }
        return most.atMost(
                duration("queue", said.hasQueue(), said.getQueue()),
                duration("wake", said.hasWake(), said.getWake()),
                duration("first_byte", said.hasFirstByte(), said.getFirstByte()),
                duration("idle", said.hasIdle(), said.getIdle()),
                duration("total", said.hasTotal(), said.getTotal()));
    }

    /** These, and what is left to the caller's own deadline: after that nobody listens. */
    static Deadlines within(@Nullable Deadline call, Deadlines deadlines) {
        if (call == null) {
            return deadlines;
        }
        Duration left = Duration.ofNanos(Math.max(1, call.timeRemaining(TimeUnit.NANOSECONDS)));
        return deadlines.atMost(null, null, null, null, left);
    }

    private static @Nullable Duration duration(String field, boolean has, com.google.protobuf.Duration said) {
        if (!has) {
            return null;
        }
        Duration duration = Times.duration(said);
        if (duration.isNegative() || duration.isZero()) {
            throw Errors.of(Reason.MALFORMED, "deadlines." + field + ": more than 0");
        }
        return duration;
    }

    /** Those headers that pass to a backend; the others are left out: credentials above all. */
    static Map<String, String> headers(Map<String, String> said) {
        Map<String, String> passing = new HashMap<>();
        said.forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (PassingHeaders.NAMES.contains(lower)) {
                String wrong = PassingHeaders.wrong(lower, value);
                if (wrong != null) {
                    throw Errors.of(Reason.MALFORMED, wrong);
                }
                passing.put(lower, value);
            }
        });
        return passing;
    }
}
