package dormouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListLlmsResponse;
import dormouse.v1.LlmServiceGrpc;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.grpc.stub.StreamObserver;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    Path folder;

    private CommandRun cli;

    @BeforeEach
    void make() {
        cli = new CommandRun(folder);
    }

    /** A certificate that signs itself and its key, as PEM files, made by the JDK's keytool. */
    private void certificate(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        keytool.getInputStream().readAllBytes();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        pem(name + ".crt", "CERTIFICATE", keys.getCertificate(name).getEncoded());
        pem(name + ".key", "PRIVATE KEY", keys.getKey(name, PASSWORD).getEncoded());
    }

    private void pem(String file, String label, byte[] bytes) throws Exception {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        Files.writeString(
                folder.resolve(file), "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n");
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void both_sides_prove_who_they_are() throws Exception {
        certificate("server");
        Server server = Grpc.newServerBuilderForPort(
                        0,
                        TlsServerCredentials.newBuilder()
                                .keyManager(
                                        folder.resolve("server.crt").toFile(),
                                        folder.resolve("server.key").toFile())
                                .trustManager(folder.resolve("server.crt").toFile())
                                .clientAuth(ClientAuth.REQUIRE)
                                .build())
                .addService(new LlmServiceGrpc.LlmServiceImplBase() {
                    @Override
                    public void listLlms(ListLlmsRequest request, StreamObserver<ListLlmsResponse> observer) {
                        FakeServer.<ListLlmsRequest, ListLlmsResponse>answers(ListLlmsResponse.newBuilder()
                                        .addLlms(Samples.bare())
                                        .build())
                                .accept(request, observer);
                    }
                })
                .build()
                .start();
        try {
            String address = "localhost:" + server.getPort();
            assertThat(cli.run(
                            "list",
                            "-o",
                            "name",
                            "--server",
                            address,
                            "--ca",
                            file("server.crt"),
                            "--cert",
                            file("server.crt"),
                            "--key",
                            file("server.key")))
                    .isZero();
            assertThat(cli.out()).isEqualTo("tiny\n");

            assertThat(cli.run("list", "--server", address, "--tls")).isEqualTo(3);
            assertThat(cli.err()).contains("certification path", "--ca").hasLineCount(1);

            assertThat(cli.run("list", "--server", address)).isEqualTo(3);
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void a_file_that_is_no_certificate_is_wrong_usage() throws Exception {
        Files.writeString(folder.resolve("no.crt"), "hello");

        assertThat(cli.run("list", "--ca", file("no.crt"))).isEqualTo(2);
        assertThat(cli.err()).contains("no.crt").hasLineCount(1);
    }
}
