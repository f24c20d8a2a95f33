package dormouse.server.auth;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the operator says of who may call.
 *
 * @param openMetrics whether {@code /metrics} answers without a token
 * @param auditRetention how long it is kept who did what
 * @param tasksPerClient of one token at a time; of one address where there are no tokens
 * @param requestsPerSecond of one token, in the long run; 0: as many as it likes
 * @param keyDir below which the files are that a call can name for a backend's key; null: anywhere
 */
public record AuthConfig(
        Mode mode,
        boolean openMetrics,
        Duration auditRetention,
        int tasksPerClient,
        int requestsPerSecond,
        @Nullable Path keyDir) {
    /** What a caller has to show. */
    public enum Mode {
        /** Nothing: whoever reaches the server may do everything. */
        NONE,
        /** A token. */
        TOKEN
    }

    /** Whether callers have to show a token. */
    public boolean tokens() {
        return mode == Mode.TOKEN;
    }
}
