package dormouse.server.fleet;

import java.time.Duration;

/**
 * The operator's times for the lifecycle.
 *
 * @param heartbeatInterval how often an agent is to be heard
 * @param heartbeatTimeout silence after which its Llms are INACTIVE
 * @param inactiveRetention absence after which its rows are deleted
 */
public record Terms(Duration heartbeatInterval, Duration heartbeatTimeout, Duration inactiveRetention) {
    /** As an operator who says nothing gets them. */
    public static final Terms DEFAULT = new Terms(Duration.ofSeconds(30), Duration.ofSeconds(90), Duration.ofHours(4));

    /** @throws IllegalArgumentException where the time-out is not longer than the interval, or a time is not positive */
    public Terms {
        if (heartbeatInterval.isNegative() || heartbeatInterval.isZero()) {
            throw new IllegalArgumentException("heartbeatInterval: more than 0");
        }
        if (heartbeatTimeout.compareTo(heartbeatInterval) <= 0) {
            throw new IllegalArgumentException("heartbeatTimeout: longer than heartbeatInterval");
        }
        if (inactiveRetention.isNegative() || inactiveRetention.isZero()) {
            throw new IllegalArgumentException("inactiveRetention: more than 0");
        }
    }
}
