package dormouse.pem;

import dormouse.pem.PemException.Part;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * Who a program shows itself to be: a certificate, those that vouch for it, and its key.
 *
 * @param chain its own first
 */
public record Identity(List<X509Certificate> chain, PrivateKey key) {
    private static final byte[] ANYTHING = "a key fits its certificate".getBytes(StandardCharsets.US_ASCII);

    public Identity {
        chain = List.copyOf(chain);
    }

    /** Read and checked: the key fits the certificate, which is valid at this time. */
    public static Identity read(Path certificate, Path key, Instant now) throws PemException {
        Identity read = new Identity(PemFile.certificates(Part.CERTIFICATE, certificate), PemFile.key(key));
        X509Certificate own = read.chain().get(0);
        if (!fits(own, read.key())) {
            throw new PemException(Part.KEY, key, "holds a key that does not fit the certificate of " + certificate);
        }
        String rule = Validity.rule(own, now);
        if (rule != null) {
            throw new PemException(Part.CERTIFICATE, certificate, "holds a certificate that " + rule);
        }
        return read;
    }

    /** By a signature, which is the same question for every kind of key. */
    private static boolean fits(X509Certificate certificate, PrivateKey key) {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        try {
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(ANYTHING);
            byte[] signed = signing.sign();
            Signature checking = Signature.getInstance(algorithm);
            checking.initVerify(certificate.getPublicKey());
            checking.update(ANYTHING);
            return checking.verify(signed);
        } catch (GeneralSecurityException e) {
            return false; // of another kind
        }
    }
}
