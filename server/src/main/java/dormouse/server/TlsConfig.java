package dormouse.server;

import dormouse.agent.LiveTls;
import dormouse.pem.PemException;
import dormouse.settings.Settings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the operator says of TLS, for both doors.
 *
 * @param clientCa whose certificates clients and agents have to show; null: none is asked for
 * @param reread how often the files are looked at
 */
record TlsConfig(Path cert, Path key, @Nullable Path clientCa, Duration reread) {
    /** @return null where the file has no TLS */
    static @Nullable TlsConfig of(Settings tls) {
        Path cert = path(tls, "cert");
        Path key = path(tls, "key");
        Path clientCa = path(tls, "clientCa");
        Duration reread = tls.duration("reread", Duration.ofSeconds(2), Duration.ofMillis(1), Duration.ofHours(1));
        if (cert == null && key == null) {
            if (clientCa != null) {
                throw tls.wrong("clientCa", "takes tls.cert and tls.key too: clients are asked who they are over TLS");
            }
            return null;
        }
        if (cert == null || key == null) {
            throw tls.wrong(
                    cert == null ? "key" : "cert",
                    "is one of a pair: tls.cert and tls.key go together, and tls." + (cert == null ? "cert" : "key")
                            + " is missing");
        }
        TlsConfig config = new TlsConfig(cert, key, clientCa, reread);
        try {
            config.open().close();
        } catch (PemException e) {
            String at = switch (e.part()) {
                case CERTIFICATE -> "cert";
                case KEY -> "key";
                case AUTHORITIES -> "clientCa";
            };
            throw tls.wrong(at, e.rule());
        }
        return config;
    }

    /** As the files are now. */
    LiveTls open() throws PemException {
        return LiveTls.ofServer(new LiveTls.Files(cert, key, clientCa), Clock.systemUTC());
    }

    private static @Nullable Path path(Settings tls, String name) {
        String text = tls.textOrNull(name);
        return text == null || text.isEmpty() ? null : Path.of(text);
    }
}
