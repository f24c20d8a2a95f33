package dormouse.server;

import dormouse.agent.LiveTls;
import dormouse.pem.PemException;
import dormouse.server.control.ConnectionLimits;
import dormouse.server.door.DoorTls;
import dormouse.settings.Settings;
import dormouse.settings.SettingsException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Who can reach the doors, and what connections may take.
 *
 * @param tls null: plaintext
 * @param insecure whether doors may be open to everyone
 * @param framesPerSecond of one agent
 */
record Reach(@Nullable TlsConfig tls, boolean insecure, ConnectionLimits connections, int framesPerSecond) {
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final int MOST = 1_000_000;
    /** 1,000 tasks of 200 tokens a second; 16 KiB each, 3 GB a second. */
    private static final int FRAMES_PER_SECOND = 200_000;

    static Reach of(Settings settings) {
        return new Reach(
                TlsConfig.of(settings.section("tls")),
                settings.flag("insecure", false),
                connections(settings.section("limits")),
                settings.section("limits").integer("framesPerSecond", FRAMES_PER_SECOND, 1, 10_000_000));
    }

    private static ConnectionLimits connections(Settings limits) {
        ConnectionLimits standard = ConnectionLimits.DEFAULT;
        int most = limits.integer("connections", standard.connections(), 1, MOST);
        return new ConnectionLimits(
                most,
                limits.integer("connectionsPerAddress", Math.min(standard.perAddress(), most), 1, MOST),
                limits.duration("handshakeTimeout", standard.handshake(), SHORTEST, LONGEST),
                limits.duration("headTimeout", standard.head(), SHORTEST, LONGEST),
                limits.duration("idleTimeout", standard.idle(), SHORTEST, LONGEST),
                limits.duration("keepAlive", standard.keepAlive(), SHORTEST, LONGEST),
                limits.duration("keepAliveTimeout", standard.keepAliveTimeout(), SHORTEST, LONGEST));
    }

    /** The certificates, which are looked after until the parts are closed; null without TLS. */
    @Nullable
    LiveTls openTls(Parts parts) {
        if (tls == null) {
            return null;
        }
        try {
            LiveTls open = parts.add(tls.open());
            open.lookEvery(tls.reread());
            return open;
        } catch (PemException e) {
            throw new SettingsException("tls: " + e.getMessage()); // they were fine when the file was read
        }
    }

    /** As the HTTP door takes them. */
    static @Nullable DoorTls of(@Nullable LiveTls tls) {
        return tls == null || tls.keys() == null ? null : new DoorTls(tls.keys(), tls.trust());
    }

    /**
     * Beyond loopback a door is open to those alone who have a token, over a line that nobody else reads.
     *
     * @param tokens whether callers need one
     * @throws dormouse.settings.SettingsException saying what to do
     */
    void check(Settings door, InetSocketAddress address, boolean tokens) {
        boolean encrypted = tls != null;
        if (address.getAddress().isLoopbackAddress() || insecure || (encrypted && tokens)) {
            return;
        }
        String missing = encrypted
                ? "auth.mode: token"
                : tokens ? "tls.cert and tls.key" : "tls.cert, tls.key and auth.mode: token";
        throw door.wrong(
                "address",
                "is beyond loopback, where "
                        + (tokens ? "anyone could read tokens and prompts" : "anyone could use every Llm")
                        + ": set " + missing + (encrypted ? "" : " (dormouse server init-tls DIR makes certificates)")
                        + ", or bind 127.0.0.1; insecure: true is for where something else guards the network");
    }

    /** What anyone who reaches a door beyond loopback can do, in spite of what is set; null where that is nothing. */
    @Nullable
    String warning(boolean tokens) {
        if (tls != null && tokens) {
            return null;
        }
        return tls == null
                ? tokens
                        ? "anyone in between may read tokens and prompts: no TLS"
                        : "anyone who reaches it may use it: no TLS, no tokens"
                : "anyone who reaches it may use it: no tokens";
    }
}
