package dormouse.server.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.pem.Authorities;
import dormouse.pem.Identity;
import dormouse.pem.PemException;
import dormouse.pem.PemException.Part;
import dormouse.pem.PemWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code dormouse.pem}: what is read, what is refused, and when files are read again. */
class PemTest {
    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");

    @TempDir
    Path folder;

    private HomeFiles files;

    @BeforeEach
    void make() throws Exception {
        files = new HomeFiles(folder);
        files.make(Names.withLoopback(List.of("desk")), NOW, new SecureRandom());
    }

    private static void assertRefused(Part part, String rule, ThrowingCallable reading) {
        assertThatThrownBy(reading)
                .asInstanceOf(InstanceOfAssertFactories.type(PemException.class))
                .satisfies(e -> {
                    assertThat(e.part()).isEqualTo(part);
                    assertThat(e.rule()).contains(rule);
                });
    }

    @Test
    void whatStandsBetweenTheBlocksIsSkippedAndAChainIsRead() throws Exception {
        String text = "Certificate:\n  Data: whatever\n" + Files.readString(files.server()) + "\r\nsubject: ca\n"
                + Files.readString(files.authority());
        Files.writeString(files.server(), text.replace("\n", "\r\n"));

        assertThat(Identity.read(files.server(), files.serverKey(), NOW).chain())
                .hasSize(2)
                .last()
                .isEqualTo(Authorities.read(files.authority(), NOW).get(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519"})
    void keysOfEveryUsualKindAreReadAndComparedWithTheCertificate(String algorithm) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        String base64 = Base64.getMimeEncoder()
                .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
        Files.writeString(
                files.serverKey(), "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");

        assertRefused(
                Part.KEY,
                "does not fit the certificate of " + files.server(),
                () -> Identity.read(files.server(), files.serverKey(), NOW));
    }

    @Test
    void whatCantBeReadIsSaidWithTheRule() throws Exception {
        assertRefused(
                Part.CERTIFICATE, "is not there", () -> Identity.read(folder.resolve("no"), files.serverKey(), NOW));
        assertRefused(Part.CERTIFICATE, "is a directory", () -> Identity.read(folder, files.serverKey(), NOW));
        assertRefused(
                Part.CERTIFICATE,
                "holds no certificate",
                () -> Identity.read(files.serverKey(), files.serverKey(), NOW));
        assertRefused(Part.KEY, "holds no private key", () -> Identity.read(files.server(), files.server(), NOW));
        assertRefused(Part.AUTHORITIES, "holds no certificate", () -> Authorities.read(files.clientKey(), NOW));

        Path damaged = Files.writeString(
                folder.resolve("damaged"),
                Files.readString(files.server()).replaceAll("(?m)^M[A-Za-z0-9+/]{20}", "MAAAAAAAAAAAAAAAAAAAA"));
        assertRefused(Part.CERTIFICATE, "can't be read", () -> Identity.read(damaged, files.serverKey(), NOW));
        Path key = Files.writeString(
                folder.resolve("key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        assertRefused(Part.KEY, "damaged", () -> Identity.read(files.server(), key, NOW));
        Path locked = Files.writeString(
                folder.resolve("locked"),
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
        assertRefused(Part.KEY, "passphrase", () -> Identity.read(files.server(), locked, NOW));
    }

    @Test
    void certificatesOfAnotherTimeAreRefused() {
        Instant after = NOW.plus(HomeAuthority.CERTIFICATE).plusSeconds(1);
        assertRefused(
                Part.CERTIFICATE,
                "expired at 2029-03-02T12:00:00Z",
                () -> Identity.read(files.server(), files.serverKey(), after));
        assertRefused(
                Part.CERTIFICATE,
                "is valid from 2026-11-28T11:00:00Z on",
                () -> Identity.read(files.server(), files.serverKey(), NOW.minus(Duration.ofHours(2))));
        assertRefused(
                Part.AUTHORITIES,
                "expired",
                () -> Authorities.read(
                        files.authority(), NOW.plus(HomeAuthority.AUTHORITY).plusSeconds(1)));
    }

    /** Looks when it is told to, and writes down what it did. */
    private final class Looked implements PemWatch.Listener {
        final List<String> did = new ArrayList<>();
        final PemWatch watch = new PemWatch(
                List.of(files.server(), files.serverKey()),
                () -> Identity.read(files.server(), files.serverKey(), NOW),
                this);

        @Override
        public void changed() {
            did.add("changed");
        }

        @Override
        public void unusable(PemException why) {
            did.add(why.part().name());
        }

        List<String> looks(int times) {
            for (int i = 0; i < times; i++) {
                watch.look();
            }
            return did;
        }
    }

    @Test
    void filesAreReadAgainWhenTheyHaveChangedAndStayedSo() throws Exception {
        Looked looked = new Looked();
        assertThat(looked.looks(3)).isEmpty();

        Files.setLastModifiedTime(files.server(), FileTime.from(NOW.plusSeconds(1)));
        assertThat(looked.looks(1)).as("its key may follow").isEmpty();
        Files.setLastModifiedTime(files.serverKey(), FileTime.from(NOW.plusSeconds(2)));
        assertThat(looked.looks(1)).isEmpty();
        assertThat(looked.looks(3)).containsExactly("changed");
    }

    @Test
    void aChangeThatCantBeUsedIsSaidOnceAndTheNextOneIsTried() throws Exception {
        Looked looked = new Looked();
        byte[] key = Files.readAllBytes(files.serverKey());
        Files.delete(files.serverKey());
        assertThat(looked.looks(5)).containsExactly("KEY");
        Files.write(files.serverKey(), key);
        assertThat(looked.looks(5)).containsExactly("KEY", "changed");
    }
}
