package dormouse.agent;

import dormouse.pem.Authorities;
import dormouse.pem.Identity;
import dormouse.pem.PemException;
import dormouse.pem.PemWatch;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates of a program, as its files say. What is handed out stays the same object while the files change: each new
 * connection gets what was read last, and connections that are open go on. Where changed files can't be used, the earlier ones
 * stay in use, and the log says so once. Used by the server's doors too. Any thread.
 */
public final class LiveTls implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LiveTls.class);

    /**
     * Where they are.
     *
     * @param cert the own chain, with its key; null: none
     * @param authorities whose word is taken for who the other side is; null: nobody's, or the machine's own
     */
    public record Files(
            @Nullable Path cert,
            @Nullable Path key,
            @Nullable Path authorities) {}

    private final Files files;
    private final Clock clock;
    private final @Nullable AdvancedTlsX509KeyManager keys;
    private final @Nullable AdvancedTlsX509TrustManager trust;
    private final PemWatch watch;
    private @Nullable ScheduledExecutorService looking;

    private LiveTls(Files files, Verification verification, Clock clock) throws PemException {
        this.files = files;
        this.clock = clock;
        this.keys = files.cert() == null ? null : new AdvancedTlsX509KeyManager();
        try {
            this.trust = files.authorities() == null
                    ? null
                    : AdvancedTlsX509TrustManager.newBuilder()
                            .setVerification(verification)
                            .build();
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
        this.watch = new PemWatch(
                Stream.of(files.cert(), files.key(), files.authorities())
                        .filter(Objects::nonNull)
                        .toList(),
                this::read,
                new Said());
        read();
    }

    /** For who is connected to: whoever shows a certificate of these authorities is let in, by whatever name. */
    public static LiveTls ofServer(Files files, Clock clock) throws PemException {
        return new LiveTls(files, Verification.CERTIFICATE_ONLY_VERIFICATION, clock);
    }

    /** For who connects: the certificate has to be of these authorities, and for the host that was asked for. */
    public static LiveTls ofClient(Files files, Clock clock) throws PemException {
        return new LiveTls(files, Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION, clock);
    }

    /** Null without a certificate. */
    public @Nullable X509ExtendedKeyManager keys() {
        return keys;
    }

    /** Null without authorities. */
    public @Nullable X509ExtendedTrustManager trust() {
        return trust;
    }

    /** Looks after the files, on a thread of its own. */
    public synchronized void lookEvery(Duration interval) {
        ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, job -> {
            Thread made = new Thread(job, "dormouse-certificates");
            made.setDaemon(true);
            return made;
        });
        thread.scheduleWithFixedDelay(watch::look, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
        looking = thread;
    }

    private void read() throws PemException {
        Identity identity = files.cert() == null || files.key() == null
                ? null
                : Identity.read(files.cert(), files.key(), clock.instant());
        try {
            if (trust != null && files.authorities() != null) {
                trust.updateTrustCredentials(
                        Authorities.read(files.authorities(), clock.instant()).toArray(X509Certificate[]::new));
            }
            if (keys != null && identity != null) {
                keys.updateIdentityCredentials(identity.chain().toArray(X509Certificate[]::new), identity.key());
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("certificates that were read can be used", e);
        }
    }

    private final class Said implements PemWatch.Listener {
        @Override
        public void changed() {
            log.info("certificates are read again cert={} authorities={}", files.cert(), files.authorities());
        }

        @Override
        public void unusable(PemException why) {
            log.error("changed certificates are not used, those before stay in use cause=\"{}\"", why.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        if (looking != null) {
            looking.shutdownNow();
        }
    }
}
