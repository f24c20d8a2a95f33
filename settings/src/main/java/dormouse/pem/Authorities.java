package dormouse.pem;

import dormouse.pem.PemException.Part;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** Whose word is taken for who somebody is. Stateless. */
public final class Authorities {
    private Authorities() {}

    /** All of the file. One that has expired does no harm beside one that has not. */
    public static List<X509Certificate> read(Path file, Instant now) throws PemException {
        List<X509Certificate> found = PemFile.certificates(Part.AUTHORITIES, file);
        String rule = null;
        for (X509Certificate each : found) {
            rule = Validity.rule(each, now);
            if (rule == null) {
                return List.copyOf(found);
            }
        }
        throw new PemException(Part.AUTHORITIES, file, "holds a certificate that " + rule);
    }
}
