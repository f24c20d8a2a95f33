package dormouse.server.control;

import java.time.Duration;

/**
 * What a connection may take before it is known who is there.
 *
 * @param connections the most at one door
 * @param perAddress the most of one address at one door
 * @param handshake how long TLS, and the beginning of HTTP/2, may take
 * @param head how long the first request's head may take, from the connection's first moment
 * @param idle how long a connection may be there without any request
 * @param keepAlive after so long without a word from a gRPC connection it is asked whether it is there
 * @param keepAliveTimeout so long it may take to answer
 */
public record ConnectionLimits(
        int connections,
        int perAddress,
        Duration handshake,
        Duration head,
        Duration idle,
        Duration keepAlive,
        Duration keepAliveTimeout) {
    /** As docs/server.md has them, with the reasons. */
    public static final ConnectionLimits DEFAULT = new ConnectionLimits(
            25_000,
            5_000,
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofSeconds(60),
            Duration.ofSeconds(20));
}
