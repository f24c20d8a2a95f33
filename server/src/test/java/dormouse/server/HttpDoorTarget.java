package dormouse.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Raw bytes on a connection of the HTTP door. Whatever they are, another connection is answered meanwhile, and what is
 * answered to them is no fault of the server's own.
 */
public final class HttpDoorTarget {
    private static final int HEARD_MILLIS = 10;
    private static final int HEALTHY_MILLIS = 30_000;
    private static @Nullable RealServer server;
    private static @Nullable Socket healthy;

    private HttpDoorTarget() {}

    public static List<byte[]> seeds() {
        String body = "{\"model\":\"qwen3\",\"stream\":false}";
        return Stream.of(
                        "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
                        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                                + body.length() + "\r\n\r\n" + body,
                        "POST /v1/embeddings?x=%20 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                + "Transfer-Encoding: chunked\r\nx-dormouse-deadline-queue: 20s\r\n\r\n10\r\n{\"model\":\"qwen3\"\r\n1\r\n}\r\n0\r\n\r\n",
                        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 66\r\n\r\n"
                                + "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nqwen3\r\n--b--",
                        "GET /api/llms/qwen3?history=5 HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
                        "OPTIONS /v1/models HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nAccess-Control-Request-Method: GET\r\n\r\n",
                        "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
                        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\10\6\0\0\0\0\0abcdefgh",
                        "GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
                .map(text -> text.getBytes(ISO_8859_1))
                .toList();
    }

    private static synchronized RealServer server() throws IOException {
        if (server == null) {
            UncaughtFaults.listen();
            RealServer started = RealServer.start("http.cors=*", "limits.requestBytes=64KiB");
            PacedAgent agent = new PacedAgent("healthy", 1000);
            agent.connect(started.channel(), ScriptedAgent.awake("qwen3"));
            org.awaitility.Awaitility.await().until(agent::registered);
            server = started;
        }
        return server;
    }

    public static synchronized void fuzzerTestOneInput(byte[] input) throws IOException {
        InetSocketAddress door = server().server().httpAddress();
        try (Socket socket = new Socket()) {
            socket.connect(door, HEALTHY_MILLIS);
            socket.setSoTimeout(HEARD_MILLIS);
            String said = talk(socket, input);
            if (said.startsWith("HTTP/1.1 500")) {
                throw new AssertionError("a fault of the server's own: " + said);
            }
        }
        healthy(door);
        UncaughtFaults.none();
    }

    private static String talk(Socket socket, byte[] input) {
        byte[] heard = new byte[4096];
        try {
            socket.getOutputStream().write(input);
            int length = socket.getInputStream().read(heard);
            return length < 0 ? "" : new String(heard, 0, length, ISO_8859_1);
        } catch (SocketTimeoutException e) {
            return ""; // it waits for more
        } catch (IOException e) {
            return ""; // it has hung up
        }
    }

    /** The same connection each time. */
    private static void healthy(InetSocketAddress door) throws IOException {
        Socket socket = healthy;
        if (socket == null) {
            socket = new Socket();
            socket.connect(door, HEALTHY_MILLIS);
            socket.setSoTimeout(HEALTHY_MILLIS);
            socket.setTcpNoDelay(true);
            healthy = socket;
        }
        socket.getOutputStream().write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(ISO_8859_1));
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int each = in.read();
            if (each < 0) {
                throw new AssertionError("another client's connection was closed");
            }
            head.append((char) each);
        }
        String length =
                head.toString().toLowerCase(java.util.Locale.ROOT).replaceAll("(?s).*content-length: (\\d+).*", "$1");
        in.readNBytes(Integer.parseInt(length));
        if (!head.toString().startsWith("HTTP/1.1 200")) {
            throw new AssertionError("another client was refused: " + head);
        }
    }
}
