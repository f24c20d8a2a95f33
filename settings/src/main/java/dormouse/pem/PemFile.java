package dormouse.pem;

import dormouse.pem.PemException.Part;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the blocks of one file. What stands between them, as openssl writes it there, is skipped. Stateless. */
final class PemFile {
    private static final long LARGEST = 1 << 20;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s+([A-Za-z0-9+/=\\s]+?)-----END \\1-----");
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");
    private static final String OTHER_KEY = "BEGIN (RSA|EC|DSA) PRIVATE KEY";

    private PemFile() {}

    static List<X509Certificate> certificates(Part part, Path file) throws PemException {
        List<X509Certificate> found = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            Matcher block = BLOCK.matcher(text(part, file));
            while (block.find()) {
                if (block.group(1).equals("CERTIFICATE")) {
                    found.add((X509Certificate)
                            factory.generateCertificate(new ByteArrayInputStream(bytes(block.group(2)))));
                }
            }
        } catch (CertificateException | IllegalArgumentException e) {
            throw new PemException(part, file, "holds a certificate that can't be read");
        }
        if (found.isEmpty()) {
            throw new PemException(part, file, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
        }
        return found;
    }

    static PrivateKey key(Path file) throws PemException {
        String text = text(Part.KEY, file);
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            if (block.group(1).equals("PRIVATE KEY")) {
                return key(file, block.group(2));
            }
        }
        if (text.contains("ENCRYPTED")) {
            throw new PemException(
                    Part.KEY, file, "holds a key under a passphrase; openssl pkey -in FILE -out NEW takes it off");
        }
        if (Pattern.compile(OTHER_KEY).matcher(text).find()) {
            throw new PemException(
                    Part.KEY,
                    file,
                    "holds a key in an older form; openssl pkcs8 -topk8 -nocrypt -in FILE -out NEW makes one in PKCS#8"
                            + " (-----BEGIN PRIVATE KEY-----) of it");
        }
        throw new PemException(Part.KEY, file, "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
    }

    private static PrivateKey key(Path file, String base64) throws PemException {
        try {
            PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(bytes(base64));
            for (String algorithm : ALGORITHMS) {
                try {
                    return KeyFactory.getInstance(algorithm).generatePrivate(spec);
                } catch (InvalidKeySpecException e) {
                    continue; // of another kind
                }
            }
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new PemException(Part.KEY, file, "holds a private key that can't be read");
        }
        throw new PemException(Part.KEY, file, "holds a private key that is neither RSA, EC nor EdDSA, or damaged");
    }

    private static byte[] bytes(String base64) {
        return Base64.getMimeDecoder().decode(base64);
    }

    private static String text(Part part, Path file) throws PemException {
        try {
            if (Files.isDirectory(file)) {
                throw new PemException(part, file, "is a directory, where a file in PEM form is expected");
            }
            if (Files.size(file) > LARGEST) {
                throw new PemException(part, file, "has more than a mebibyte, which no file in PEM form has");
            }
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new PemException(part, file, "is not there");
        } catch (IOException e) {
            throw new PemException(part, file, "can't be read");
        }
    }
}
