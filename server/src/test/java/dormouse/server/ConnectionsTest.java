package dormouse.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a connection may take before it is known who is there, on real ports. */
class ConnectionsTest {
    private static final Logger GRPC = Logger.getLogger("io.grpc"); // it says at length what these tests do to it
    private static final int PATIENCE = 30_000;
    private static final int DROP_MILLIS = 20;

    /** Where one comes in. */
    enum At {
        GRPC,
        HTTP;

        int port(RealServer server) {
            return this == GRPC ? server.port() : server.server().httpAddress().getPort();
        }
    }

    @TempDir
    static Path folder;

    private static RealServer hasty;

    private final List<Socket> sockets = new ArrayList<>();

    @BeforeAll
    static void start() {
        GRPC.setLevel(Level.OFF);
        hasty = RealServer.start(
                "limits.headTimeout=300ms",
                "limits.handshakeTimeout=200ms",
                "limits.idleTimeout=300ms",
                "limits.keepAlive=100ms",
                "limits.keepAliveTimeout=200ms");
    }

    @AfterAll
    static void stop() {
        hasty.close();
        GRPC.setLevel(null);
    }

    @AfterEach
    void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE);
        socket.setTcpNoDelay(true);
        sockets.add(socket);
        return socket;
    }

    /** Whether the server ends it; waits for that as long as the socket does. */
    private static boolean ends(Socket socket) throws IOException {
        try {
            while (socket.getInputStream().read() >= 0) {
                continue; // a goodbye, perhaps
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true; // reset: an end as good as the other
        }
    }

    private static boolean stays(Socket socket) throws IOException {
        socket.setSoTimeout(200);
        return !ends(socket);
    }

    @Test
    void who_is_one_too_many_is_cut_off_until_another_one_leaves() throws Exception {
        for (String bound : List.of("limits.connectionsPerAddress=3", "limits.connections=3")) {
            try (RealServer server = RealServer.start(bound, "limits.headTimeout=1h")) {
                for (At at : At.values()) {
                    int port = at.port(server);
                    List<Socket> first = List.of(connect(port), connect(port), connect(port));
                    assertThat(ends(connect(port))).isTrue();
                    for (Socket each : first) {
                        assertThat(stays(each)).isTrue();
                    }

                    first.get(1).close();
                    await().until(() -> stays(connect(port)));
                }
            }
        }
    }

    @Test
    void a_head_that_drips_has_an_end() throws Exception {
        Socket socket = connect(At.HTTP.port(hasty));
        socket.setSoTimeout(DROP_MILLIS);
        socket.getOutputStream().write("GET / HTTP/1.1\r\nx: ".getBytes(US_ASCII));
        int drops = 0;
        while (!ends(socket)) {
            drops++;
            try {
                socket.getOutputStream().write('a');
            } catch (SocketException e) {
                break; // it has ended
            }
            assertThat(drops).isLessThan(PATIENCE / DROP_MILLIS);
        }
        assertThat(drops).isPositive();
    }

    @Test
    void who_asks_in_time_is_left_alone_by_the_heads_deadline() throws Exception {
        try (WireClient client = WireClient.connect(hasty.server().httpAddress())) {
            client.send("GET /api/events HTTP/1.1\r\nhost: x\r\n\r\n");
            assertThat(client.head().status()).isEqualTo(200);
            Socket later = connect(At.HTTP.port(hasty));
            assertThat(ends(later))
                    .as("one that asks nothing, and came after it")
                    .isTrue();
            assertThat(hasty.server().connections()).isOne();
        }
    }

    @Test
    void a_tls_handshake_that_does_not_go_on_has_an_end() throws Exception {
        List<String> sets =
                new ArrayList<>(List.of(HomeTls.in(folder.resolve("tls")).server()));
        sets.add("limits.handshakeTimeout=200ms");
        sets.add("limits.headTimeout=1h");
        try (RealServer server = RealServer.start(sets.toArray(String[]::new))) {
            for (At at : At.values()) {
                Socket socket = connect(at.port(server));
                socket.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3});
                assertThat(ends(socket)).isTrue();
                assertThat(ends(connect(at.port(server))))
                        .as("who says nothing at all")
                        .isTrue();
            }
        }
    }

    @Test
    void a_hello_of_http2_that_does_not_go_on_has_an_end() throws Exception {
        Socket socket = connect(hasty.port());
        socket.getOutputStream().write("PRI * HT".getBytes(US_ASCII));
        assertThat(ends(socket)).isTrue();
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource
    void a_connection_without_a_request_has_an_end(At at) throws Exception {
        try (Http2Wire wire = Http2Wire.hello(at.port(hasty))) {
            while (wire.read() != null) {
                continue; // its goodbye
            }
        }
    }

    @Tag("slow")
    @Test
    void a_grpc_peer_that_answers_no_ping_is_gone() throws Exception {
        try (Http2Wire wire = Http2Wire.hello(hasty.port())) {
            assertThat(wire.await(Http2Wire.PING)).isNotNull();
            while (wire.read() != null) {
                continue; // what was under way
            }
        }
    }

    /** protocol.md, failure list, 17: what the agent's pings would meet if they came more often than the server permits. */
    @Test
    void pings_without_end_are_too_many() throws Exception {
        try (Http2Wire wire = Http2Wire.hello(hasty.port())) {
            for (int i = 0; i < 5; i++) {
                wire.write(Http2Wire.frame(Http2Wire.PING, 0, 0, new byte[8]));
            }
            Http2Wire.Frame goodbye = wire.await(Http2Wire.GOAWAY);
            assertThat(goodbye).isNotNull();
            assertThat(goodbye.reason()).isEqualTo("too_many_pings");
        }
    }

    @Test
    void pings_whose_answers_are_not_read_end_the_connection() throws Exception {
        try (Http2Wire wire = Http2Wire.hello(At.HTTP.port(hasty), 4 << 10)) {
            byte[] ping = Http2Wire.frame(Http2Wire.PING, 0, 0, new byte[8]);
            byte[] thousand = new byte[1000 * ping.length];
            for (int at = 0; at < thousand.length; at += ping.length) {
                System.arraycopy(ping, 0, thousand, at, ping.length);
            }
            int thousands = 0;
            try {
                while (thousands < 10_000) {
                    wire.write(thousand);
                    thousands++;
                }
            } catch (SocketException e) {
                assertThat(e).hasMessageMatching("(?i).*(reset|broken pipe).*");
            }
            assertThat(thousands)
                    .as("10,000 wait in the server, some in the kernel, and no more")
                    .isLessThan(10_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void streams_that_are_opened_and_reset_without_end_end_the_connection(At at) throws Exception {
        try (Http2Wire wire = Http2Wire.hello(at.port(hasty))) {
            int stream = 1;
            try {
                for (; stream < 20_000; stream += 2) {
                    wire.write(Http2Wire.frame(
                            Http2Wire.HEADERS, Http2Wire.END_STREAM_AND_HEADERS, stream, Http2Wire.GET));
                    wire.write(Http2Wire.frame(Http2Wire.RESET, 0, stream, (byte) 0, (byte) 0, (byte) 0, (byte) 8));
                }
                Http2Wire.Frame goodbye = wire.await(Http2Wire.GOAWAY);
                assertThat(goodbye).isNotNull();
                assertThat(goodbye.code()).as("ENHANCE_YOUR_CALM").isEqualTo(11);
            } catch (SocketException e) {
                assertThat(stream).as("closed while it went on").isGreaterThan(4_000);
            }
        }
    }
}
