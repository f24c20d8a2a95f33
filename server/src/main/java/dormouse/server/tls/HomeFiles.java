package dormouse.server.tls;

import dormouse.files.Rights;
import dormouse.pem.Identity;
import dormouse.pem.PemException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/** The files of a {@link HomeAuthority} in one directory. Private keys can be read by their owner alone. For one thread. */
public final class HomeFiles {
    private static final String CLIENT = "dormouse client";
    /** Kinds of names in a certificate. */
    private static final int DNS = 2;

    private static final int ADDRESS = 7;
    /** As certificates are read. */
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");

    private final Path directory;

    public HomeFiles(Path directory) {
        this.directory = directory;
    }

    public Path authority() {
        return directory.resolve("ca.crt");
    }

    public Path authorityKey() {
        return directory.resolve("ca.key");
    }

    public Path server() {
        return directory.resolve("server.crt");
    }

    public Path serverKey() {
        return directory.resolve("server.key");
    }

    public Path client() {
        return directory.resolve("client.crt");
    }

    public Path clientKey() {
        return directory.resolve("client.key");
    }

    /**
     * Makes all six.
     *
     * @return until when what was made is valid
     * @throws FileAlreadyExistsException where one of them is there: none is touched then
     */
    public Instant make(Names names, Instant now, SecureRandom random) throws IOException {
        Files.createDirectories(directory, Rights.of(directory, Rights.OWNERS_DIRECTORY));
        List<Path> all = List.of(authority(), authorityKey(), server(), serverKey(), client(), clientKey());
        for (Path each : all) {
            if (Files.exists(each)) {
                throw new FileAlreadyExistsException(each.toString());
            }
        }
        HomeAuthority authority = HomeAuthority.make(now, random);
        List<Path> made = new ArrayList<>();
        try {
            write(authority.own(), authority(), authorityKey(), made);
            return issue(authority, names, now, made);
        } catch (IOException e) {
            for (Path each : made) {
                Files.deleteIfExists(each); // all or nothing: the next try begins anew
            }
            throw e;
        }
    }

    /**
     * Makes those of server and client anew, by the authority that is there. Each file is replaced at one go; a server that runs
     * takes them up.
     */
    public Instant renew(Names names, Instant now, SecureRandom random) throws IOException, PemException {
        Identity own = Identity.read(authority(), authorityKey(), now);
        HomeAuthority authority =
                new HomeAuthority(new HomeAuthority.Issued(own.chain().get(0), own.key()), random);
        return issue(authority, names, now, new ArrayList<>());
    }

    /**
     * By what the present server's certificate calls it, in its order, without how every machine calls itself; none where there is no
     * certificate.
     *
     * @throws IOException where it can't be read; the message names the file
     */
    public List<String> serverNames() throws IOException {
        List<String> names = new ArrayList<>();
        if (!Files.exists(server())) {
            return names;
        }
        try (InputStream in = Files.newInputStream(server())) {
            X509Certificate present =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            Collection<List<?>> said = present.getSubjectAlternativeNames();
            for (List<?> each : said == null ? List.<List<?>>of() : said) {
                String name = String.valueOf(each.get(1));
                boolean ofAServer = each.get(0).equals(DNS) || each.get(0).equals(ADDRESS);
                if (ofAServer && !LOOPBACK.contains(name)) {
                    names.add(name);
                }
            }
            return names;
        } catch (CertificateException e) {
            throw new IOException(server() + " is no certificate (" + e.getMessage() + ")", e);
        }
    }

    private Instant issue(HomeAuthority authority, Names names, Instant now, List<Path> made) throws IOException {
        HomeAuthority.Issued server = authority.server(names, now);
        write(server, server(), serverKey(), made);
        write(authority.client(CLIENT, now), client(), clientKey(), made);
        return server.certificate().getNotAfter().toInstant();
    }

    private static void write(HomeAuthority.Issued issued, Path certificate, Path key, List<Path> made)
            throws IOException {
        try {
            write(key, "PRIVATE KEY", issued.key().getEncoded(), Rights.OWNERS_FILE, made);
            write(certificate, "CERTIFICATE", issued.certificate().getEncoded(), "rw-r--r--", made);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("what was made can be written", e);
        }
    }

    /** Never there with other rights than these, nor half of it. */
    private static void write(Path file, String label, byte[] bytes, String rights, List<Path> made)
            throws IOException {
        StringWriter text = new StringWriter();
        try (PemWriter pem = new PemWriter(text)) {
            pem.writeObject(new PemObject(label, bytes));
        }
        Path half = file.resolveSibling(file.getFileName() + ".part");
        Files.deleteIfExists(half);
        Files.createFile(half, Rights.of(file, rights));
        made.add(half);
        Files.writeString(half, text.toString());
        Files.move(half, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        made.add(file);
    }
}
