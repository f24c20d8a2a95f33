package dormouse.pem;

import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.jspecify.annotations.Nullable;

/** Whether a certificate's time is now. Stateless. */
final class Validity {
    private Validity() {}

    /** What it breaks; null where it is valid. */
    static @Nullable String rule(X509Certificate certificate, Instant now) {
        try {
            certificate.checkValidity(Date.from(now));
            return null;
        } catch (CertificateExpiredException e) {
            return "expired at " + certificate.getNotAfter().toInstant();
        } catch (CertificateNotYetValidException e) {
            return "is valid from " + certificate.getNotBefore().toInstant() + " on (is this machine's clock right?)";
        }
    }
}
