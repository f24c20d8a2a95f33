package dormouse.server.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * An authority that vouches for one fleet and for nothing else. Its keys are of the curve P-256, which every TLS of today has. For
 * one thread.
 */
public final class HomeAuthority {
    /** Of the authority: longer than its machines live. */
    static final Duration AUTHORITY = Duration.ofDays(3650);
    /** Of what it vouches for: Apple's systems refuse more. */
    static final Duration CERTIFICATE = Duration.ofDays(825);

    private static final Duration CLOCKS_DIFFER = Duration.ofHours(1);
    private static final int SERIAL_BITS = 127;

    /** A certificate and its key. */
    public record Issued(X509Certificate certificate, PrivateKey key) {}

    private final Issued own;
    private final SecureRandom random;

    /** One that exists. */
    public HomeAuthority(Issued own, SecureRandom random) {
        this.own = own;
        this.random = random;
    }

    /** A new one. */
    public static HomeAuthority make(Instant now, SecureRandom random) {
        X500Name name = new X500Name(
                "CN=Dormouse home authority " + serial(random).toString(36).substring(0, 8));
        KeyPair keys = keys(random);
        try {
            X509v3CertificateBuilder builder = builder(name, name, keys, now, AUTHORITY, random)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                    .addExtension(
                            Extension.subjectKeyIdentifier,
                            false,
                            new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
            return new HomeAuthority(new Issued(signed(builder, keys.getPrivate()), keys.getPrivate()), random);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("an authority can be made", e);
        }
    }

    Issued own() {
        return own;
    }

    /** For a server that is reached by these names. It may show the same certificate where it is a client of others. */
    Issued server(Names names, Instant now) {
        return issue(names.all().get(0), names, now, KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth);
    }

    /** For who connects. */
    Issued client(String name, Instant now) {
        return issue(name, null, now, KeyPurposeId.id_kp_clientAuth);
    }

    private Issued issue(String name, @Nullable Names names, Instant now, KeyPurposeId... purposes) {
        KeyPair keys = keys(random);
        X500Name issuer =
                X500Name.getInstance(own.certificate().getSubjectX500Principal().getEncoded());
        try {
            JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder = builder(issuer, commonName(name), keys, now, CERTIFICATE, random)
                    .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                    .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes))
                    .addExtension(
                            Extension.authorityKeyIdentifier,
                            false,
                            ids.createAuthorityKeyIdentifier(own.certificate().getPublicKey()))
                    .addExtension(
                            Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(keys.getPublic()));
            if (names != null) {
                builder.addExtension(Extension.subjectAlternativeName, false, names.inCertificate());
            }
            return new Issued(signed(builder, own.key()), keys.getPrivate());
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("a certificate can be made", e);
        }
    }

    /** A common name has 64 characters at most; nobody looks at that of a server any more. */
    private static X500Name commonName(String name) {
        return new X500Name("CN=" + (name.length() > 64 ? name.substring(0, 64) : name));
    }

    private static X509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, KeyPair keys, Instant now, Duration valid, SecureRandom random) {
        return new JcaX509v3CertificateBuilder(
                issuer,
                serial(random),
                Date.from(now.minus(CLOCKS_DIFFER)),
                Date.from(now.plus(valid)),
                subject,
                keys.getPublic());
    }

    private static BigInteger serial(SecureRandom random) {
        return new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS - 1);
    }

    private static KeyPair keys(SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has the curve P-256", e);
        }
    }

    private static X509Certificate signed(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
