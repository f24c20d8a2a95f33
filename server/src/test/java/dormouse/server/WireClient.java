package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** An HTTP/1 client that says just the bytes that a test wants it to say, and reads what comes as it comes. */
final class WireClient implements AutoCloseable {
    private static final int PATIENCE = 20_000;

    private final Socket socket;
    private final InputStream in;

    private WireClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
    }

    static WireClient connect(InetSocketAddress address) {
        return connect(address, 0);
    }

    /** @param receiveBuffer what the kernel may take for a client that does not read; 0: as much as it likes */
    static WireClient connect(InetSocketAddress address, int receiveBuffer) {
        try {
            Socket socket = new Socket();
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.setSoTimeout(PATIENCE);
            socket.setTcpNoDelay(true);
            socket.connect(address);
            return new WireClient(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How long it waits for what comes. */
    WireClient patience(Duration patience) {
        try {
            socket.setSoTimeout((int) patience.toMillis());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    WireClient send(String text) {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    WireClient send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A whole POST with JSON. */
    WireClient post(String path, String json, String... headers) {
        StringBuilder head = new StringBuilder("POST " + path + " HTTP/1.1\r\nhost: x\r\n");
        if (java.util.Arrays.stream(headers).noneMatch(header -> header.startsWith("content-type:"))) {
            head.append("content-type: application/json\r\n");
        }
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        head.append("content-length: ")
                .append(json.getBytes(StandardCharsets.UTF_8).length)
                .append("\r\n\r\n");
        return send(head + json);
    }

    /** How an answer begins. */
    record Head(int status, Map<String, String> headers) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    /** A whole answer. */
    record Answer(Head head, byte[] body) {
        int status() {
            return head.status();
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    Head head() {
        String[] lines = until("\r\n\r\n").split("\r\n");
        Map<String, String> headers = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        return new Head(Integer.parseInt(lines[0].split(" ")[1]), headers);
    }

    Answer answer() {
        Head head = head();
        if (head.header("transfer-encoding").equals("chunked")) {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            for (String chunk = chunk(); !chunk.isEmpty(); chunk = chunk()) {
                body.writeBytes(chunk.getBytes(StandardCharsets.ISO_8859_1));
            }
            return new Answer(head, body.toByteArray());
        }
        return new Answer(head, bytes(Integer.parseInt(head.header("content-length"))));
    }

    /** The next chunk as the server has cut it; empty at the end. Each byte is a character. */
    String chunk() {
        String size = until("\r\n").strip();
        byte[] data = bytes(Integer.parseInt(size, 16));
        assertThat(bytes(2)).isEqualTo("\r\n".getBytes(StandardCharsets.UTF_8));
        return new String(data, StandardCharsets.ISO_8859_1);
    }

    private byte[] bytes(int count) {
        try {
            byte[] bytes = in.readNBytes(count);
            assertThat(bytes).hasSize(count);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String until(String end) {
        try {
            StringBuilder text = new StringBuilder();
            while (text.indexOf(end) < 0) {
                int next = in.read();
                assertThat(next).as("the connection ended after: " + text).isNotNegative();
                text.append((char) next);
            }
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that comes until the server closes; a connection that is cut off is as good as closed. */
    String rest() {
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        try {
            for (int next = in.read(); next >= 0; next = in.read()) {
                rest.write(next);
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("still open, after: " + rest, e);
        } catch (IOException e) {
            // reset: the same to who reads
        }
        return rest.toString(StandardCharsets.UTF_8);
    }

    /** The connection is gone, as if the process had died. */
    void cut() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
