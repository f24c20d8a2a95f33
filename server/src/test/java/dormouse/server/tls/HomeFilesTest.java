package dormouse.server.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.pem.Authorities;
import dormouse.pem.Identity;
import dormouse.pem.PemException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HomeFilesTest {
    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");
    private static final SecureRandom RANDOM = new SecureRandom();

    @TempDir
    Path folder;

    private HomeFiles files;

    @BeforeEach
    void name() {
        files = new HomeFiles(folder.resolve("tls"));
    }

    private static Names names(String... hosts) {
        return Names.withLoopback(List.of(hosts));
    }

    private static String rights(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void whatIsMadeIsVouchedForByTheAuthorityAndValidFromAnHourAgoOn() throws Exception {
        Instant until = files.make(names("desk.lan", "192.168.1.7"), NOW, RANDOM);

        X509Certificate authority = Authorities.read(files.authority(), NOW).get(0);
        authority.verify(authority.getPublicKey());
        assertThat(authority.getBasicConstraints()).isZero();
        Identity server = Identity.read(files.server(), files.serverKey(), NOW.minus(Duration.ofMinutes(59)));
        Identity client = Identity.read(files.client(), files.clientKey(), NOW);
        for (Identity each : List.of(server, client)) {
            each.chain().get(0).verify(authority.getPublicKey());
            assertThat(each.chain().get(0).getBasicConstraints()).isEqualTo(-1);
            assertThat(each.chain().get(0).getNotAfter().toInstant()).isEqualTo(until);
        }
        assertThat(until).isEqualTo(NOW.plus(825, ChronoUnit.DAYS));
        assertThat(server.chain().get(0).getSubjectAlternativeNames().stream()
                        .map(name -> (Object) name.get(1))
                        .toList())
                .isEqualTo(List.of("desk.lan", "192.168.1.7", "localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"));
        Collection<List<?>> ofClient = client.chain().get(0).getSubjectAlternativeNames();
        assertThat(ofClient).isNull();
        assertThat(client.chain().get(0).getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
    }

    @Test
    void privateKeysAreReadableByTheirOwnerAlone() throws Exception {
        files.make(names(), NOW, RANDOM);

        assertThat(rights(files.authority().getParent())).isEqualTo("rwx------");
        for (Path key : List.of(files.authorityKey(), files.serverKey(), files.clientKey())) {
            assertThat(rights(key)).isEqualTo("rw-------");
        }
        try (Stream<Path> all = Files.list(files.authority().getParent())) {
            assertThat(all).hasSize(6);
        }
    }

    @Test
    void nothingIsOverwrittenAndNothingIsMadeBesideIt() throws Exception {
        Files.createDirectories(files.clientKey().getParent());
        Files.writeString(files.clientKey(), "mine");

        assertThatThrownBy(() -> files.make(names(), NOW, RANDOM))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("client.key");
        assertThat(files.clientKey()).hasContent("mine");
        assertThat(files.authorityKey()).doesNotExist();
    }

    @Test
    void newCertificatesComeOfTheOldAuthority() throws Exception {
        files.make(names("desk.lan"), NOW, RANDOM);
        byte[] authority = Files.readAllBytes(files.authority());
        byte[] server = Files.readAllBytes(files.server());
        Instant later = NOW.plus(800, ChronoUnit.DAYS);

        Instant until = files.renew(names("desk.lan", "more.lan"), later, RANDOM);

        assertThat(until).isEqualTo(later.plus(825, ChronoUnit.DAYS));
        assertThat(files.authority()).hasBinaryContent(authority);
        assertThat(Files.readAllBytes(files.server())).isNotEqualTo(server);
        Identity.read(files.server(), files.serverKey(), later)
                .chain()
                .get(0)
                .verify(Authorities.read(files.authority(), later).get(0).getPublicKey());
        assertThat(rights(files.serverKey())).isEqualTo("rw-------");
    }

    @Test
    void withoutAnAuthorityThereIsNothingToRenew() {
        assertThatThrownBy(() -> files.renew(names(), NOW, RANDOM))
                .isInstanceOf(PemException.class)
                .hasMessageContaining("ca.crt is not there");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "desk:7700", "https://desk", "a b", "300.1.1.1", "1.2.3", "-x", "*", "a..b"})
    void whatIsNoNameIsRefused(String name) {
        assertThatThrownBy(() -> new Names(List.of(name)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + name + "\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"desk", "desk-1.lan", "*.lan", "10.0.0.1", "fe80::1", "xn--bcher-kva.example"})
    void namesAndAddressesAreTaken(String name) {
        assertThat(new Names(List.of(name, name)).all()).containsExactly(name);
    }

    @Test
    void theNamesOfTheServerAreThoseOfItsCertificateEvenOfOneThatHasExpired() throws Exception {
        assertThat(files.serverNames()).isEmpty();
        files.make(names("desk.lan", "*.lan", "192.168.1.7", "fd00::7"), NOW.minus(2000, ChronoUnit.DAYS), RANDOM);
        assertThat(files.serverNames()).containsExactly("desk.lan", "*.lan", "192.168.1.7", "fd00:0:0:0:0:0:0:7");
        Files.writeString(files.server(), "no certificate");
        assertThatThrownBy(() -> files.serverNames())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("server.crt is no certificate");
    }
}
