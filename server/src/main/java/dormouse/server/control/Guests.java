package dormouse.server.control;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is connected to one door, by address, so that neither all together nor one machine alone takes every connection there
 * is. Asked before anything is read of a connection, and before a TLS handshake costs something. Any thread; never waits.
 */
public final class Guests {
    private static final Logger log = LoggerFactory.getLogger(Guests.class);
    private static final Duration SAY_AGAIN = Duration.ofMinutes(1);
    /** Whoever has one address of IPv6 has all that begin like it. */
    private static final int NETWORK_OF_IPV6 = 8;

    private static final int LENGTH_OF_IPV6 = 16;

    private final String door;
    private final int most;
    private final int mostOfOne;
    private final Time time;
    private final Map<ByteBuffer, Integer> byHost = new HashMap<>(); // all under this
    private int all;
    private long refused;
    private long saidAt;

    /**
     * @param door what it is called in the log
     * @param mostOfOne the most of one address
     */
    public Guests(String door, int most, int mostOfOne, Time time) {
        this.door = door;
        this.most = most;
        this.mostOfOne = mostOfOne;
        this.time = time;
    }

    /**
     * One more from this address.
     *
     * @param address as bytes, 4 or 16
     * @return whether it may stay; if so, {@link #leave} is to be called when it goes
     */
    public boolean enter(byte[] address) {
        synchronized (this) {
            ByteBuffer host = host(address);
            int others = byHost.getOrDefault(host, 0);
            if (all < most && others < mostOfOne) {
                all++;
                byHost.put(host, others + 1);
                return true;
            }
            if (refused++ > 0 && time.since(saidAt).compareTo(SAY_AGAIN) < 0) {
                return false;
            }
            saidAt = time.nanos();
        }
        log.warn(
                "connections are refused door={} connections={} limits.connections={} limits.connectionsPerAddress={}",
                door,
                size(),
                most,
                mostOfOne);
        return false;
    }

    public synchronized void leave(byte[] address) {
        all--;
        byHost.computeIfPresent(host(address), (host, count) -> count == 1 ? null : count - 1);
    }

    public synchronized int size() {
        return all;
    }

    /** How many were refused since the start. */
    public synchronized long refused() {
        return refused;
    }

    private static ByteBuffer host(byte[] address) {
        return ByteBuffer.wrap(address, 0, address.length == LENGTH_OF_IPV6 ? NETWORK_OF_IPV6 : address.length);
    }
}
