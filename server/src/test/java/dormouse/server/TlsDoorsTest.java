package dormouse.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dormouse.pem.Identity;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.LlmServiceGrpc;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both doors over TLS, on real ports, with the certificates that {@code init-tls} makes. */
class TlsDoorsTest {
    private static final Logger GRPC = Logger.getLogger("io.grpc"); // it says at length what these tests do to it

    @TempDir
    static Path folder;

    private static HomeTls home;
    private static HomeTls stranger;

    private final List<ManagedChannel> channels = new ArrayList<>();

    @BeforeAll
    static void make() {
        GRPC.setLevel(Level.OFF);
        home = HomeTls.in(folder.resolve("home"));
        stranger = HomeTls.in(folder.resolve("stranger"));
    }

    @AfterAll
    static void loud() {
        GRPC.setLevel(null);
    }

    @AfterEach
    void close() {
        channels.forEach(ManagedChannel::shutdownNow);
    }

    private ManagedChannel channel(RealServer server, ChannelCredentials credentials) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", server.port(), credentials)
                .build();
        channels.add(channel);
        return channel;
    }

    /** How a call by gRPC ends. */
    private Status.Code list(RealServer server, ChannelCredentials credentials) {
        try {
            LlmServiceGrpc.newBlockingStub(channel(server, credentials))
                    .withDeadlineAfter(20, TimeUnit.SECONDS)
                    .listLlms(ListLlmsRequest.getDefaultInstance());
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    private static HttpResponse<String> get(RealServer server, SSLContext context, HttpClient.Version version)
            throws IOException, InterruptedException {
        return HttpClient.newBuilder()
                .sslContext(context)
                .version(version)
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create("https://localhost:"
                                        + server.server().httpAddress().getPort() + "/v1/models"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static int httpPort(RealServer server) {
        return server.server().httpAddress().getPort();
    }

    @Test
    void bothDoorsSpeakTlsAndNothingElse() throws Exception {
        try (RealServer server = RealServer.start(home.server())) {
            assertThat(list(server, home.credentials(null))).isEqualTo(Status.Code.OK);
            for (HttpClient.Version version : HttpClient.Version.values()) {
                HttpResponse<String> answer = get(server, home.context(null), version);
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.version()).isEqualTo(version);
            }

            assertThat(list(server, InsecureChannelCredentials.create())).isEqualTo(Status.Code.UNAVAILABLE);
            try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), httpPort(server))) {
                plain.setSoTimeout(20_000);
                plain.getOutputStream().write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(US_ASCII));
                InputStream in = plain.getInputStream();
                assertThat(new String(in.readNBytes(4), US_ASCII)).doesNotStartWith("HTTP");
            }
        }
    }

    @Test
    void whoTrustsAnotherAuthorityDoesNotTalkToIt() {
        try (RealServer server = RealServer.start(home.server())) {
            assertThat(list(server, stranger.credentials(null))).isEqualTo(Status.Code.UNAVAILABLE);
            assertThatThrownBy(() -> get(server, stranger.context(null), HttpClient.Version.HTTP_2))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void whereClientsHaveToShowACertificateOnlyThoseOfTheAuthorityAreLetIn() throws Exception {
        try (RealServer server = RealServer.start(home.mutual())) {
            assertThat(list(server, home.credentials(home))).isEqualTo(Status.Code.OK);
            assertThat(get(server, home.context(home), HttpClient.Version.HTTP_2)
                            .statusCode())
                    .isEqualTo(200);

            assertThat(list(server, home.credentials(null))).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(list(server, home.credentials(stranger))).isEqualTo(Status.Code.UNAVAILABLE);
            for (HomeTls other : new HomeTls[] {null, stranger}) {
                assertThatThrownBy(() -> get(server, home.context(other), HttpClient.Version.HTTP_1_1))
                        .isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void newCertificatesAreShownToWhoComesAfterThemAndOpenStreamsGoOn() throws Exception {
        HomeTls changing = HomeTls.in(folder.resolve("changing"));
        try (RealServer server = RealServer.start(changing.server())) {
            PacedAgent agent = new PacedAgent("desk", 16 << 10);
            agent.connect(channel(server, changing.credentials(null)), ScriptedAgent.awake("qwen"));
            await().until(agent::registered);

            changing.renew();

            byte[] renewed = Identity.read(
                            changing.files().server(), changing.files().serverKey(), Instant.now())
                    .chain()
                    .get(0)
                    .getEncoded();
            for (int port : new int[] {server.port(), httpPort(server)}) {
                await().untilAsserted(() ->
                        assertThat(shown(changing, port).getEncoded()).isEqualTo(renewed));
            }
            CheckingClient client = new CheckingClient(
                    channel(server, changing.credentials(null)), "qwen", 100_000, Integer.MAX_VALUE, Long.MAX_VALUE);
            assertThat(client.await()).isTrue();
            assertThat(client.completed()).isTrue();
            assertThat(agent.over()).isFalse();
            agent.cut();
        }
    }

    /** Which certificate a door shows to who comes now. */
    private static X509Certificate shown(HomeTls tls, int port) throws IOException {
        try (SSLSocket socket =
                (SSLSocket) tls.context(null).getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    @Test
    void brokenCertificatesAreNotUsedAndTheLogSaysSoOnce() throws Exception {
        HomeTls changing = HomeTls.in(folder.resolve("broken"));
        try (RealServer server = RealServer.start(changing.server());
                HeardLog log = new HeardLog()) {
            X509Certificate before = shown(changing, httpPort(server));
            Files.writeString(changing.files().server(), "no certificate");

            await().until(() -> log.text().contains("are not used"));
            assertThat(shown(changing, httpPort(server))).isEqualTo(before);
            assertThat(shown(changing, server.port())).isEqualTo(before);

            changing.renew();
            await().until(() -> log.text().contains("are read again"));
            assertThat(shown(changing, server.port())).isNotEqualTo(before);
            assertThat(log.text().split("are not used", -1)).hasSize(2);
            assertThat(log.text()).contains("server.crt holds no certificate in PEM form");
        }
    }

    @Test
    void aPortThatIsTakenIsSaidWithItsKey() {
        try (RealServer server = RealServer.start()) {
            InetSocketAddress http = server.server().httpAddress();
            assertThatThrownBy(() -> RealServer.start("grpc.address=127.0.0.1:" + server.port()))
                    .hasMessageContaining("grpc.address 127.0.0.1:" + server.port() + " can't be had");
            assertThatThrownBy(() -> RealServer.start("http.address=127.0.0.1:" + http.getPort()))
                    .hasMessageContaining("http.address 127.0.0.1:" + http.getPort() + " can't be had");
        }
    }
}
