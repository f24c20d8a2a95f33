package dormouse.server.relay;

import dormouse.server.control.Usage;
import java.time.Duration;

/** How long each phase of a finished task took, and the tokens as the backend counts them. */
public record Summary(Usage usage, Duration queued, Duration woke, Duration firstByte, Duration total) {}
