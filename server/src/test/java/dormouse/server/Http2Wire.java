package dormouse.server;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/** A peer that speaks HTTP/2 without TLS, frame by frame, and does not keep its rules unless a test says so. */
final class Http2Wire implements AutoCloseable {
    static final int HEADERS = 1;
    static final int RESET = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int END_STREAM_AND_HEADERS = 5;
    private static final int PATIENCE = 30_000;
    /** {@code GET /} by HTTP, from HPACK's static table. */
    static final byte[] GET = {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'x'};

    /** What the server said. */
    record Frame(int type, int flags, int stream, byte[] payload) {
        /** Of a GOAWAY: why. */
        String reason() {
            return new String(payload, 8, payload.length - 8, US_ASCII);
        }

        /** The same as a number. */
        int code() {
            return (payload[4] & 255) << 24 | (payload[5] & 255) << 16 | (payload[6] & 255) << 8 | payload[7] & 255;
        }
    }

    private final Socket socket = new Socket();
    private final DataInputStream in;

    private Http2Wire(int port, int receiveBuffer) throws IOException {
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setSoTimeout(PATIENCE);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        in = new DataInputStream(socket.getInputStream());
    }

    /** Connects, and has said hello. */
    static Http2Wire hello(int port) throws IOException {
        return hello(port, 0);
    }

    /** @param receiveBuffer what the kernel may take for a peer that does not read; 0: as much as it likes */
    static Http2Wire hello(int port, int receiveBuffer) throws IOException {
        Http2Wire wire = new Http2Wire(port, receiveBuffer);
        wire.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        wire.write(frame(SETTINGS, 0, 0));
        return wire;
    }

    static byte[] frame(int type, int flags, int stream, byte... payload) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(payload.length >> 16);
        frame.write(payload.length >> 8);
        frame.write(payload.length);
        frame.write(type);
        frame.write(flags);
        frame.write(stream >> 24);
        frame.write(stream >> 16);
        frame.write(stream >> 8);
        frame.write(stream);
        frame.writeBytes(payload);
        return frame.toByteArray();
    }

    void write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** How long it waits for the server to do something. */
    void patience(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    /** The next; null where the server has closed. */
    @Nullable
    Frame read() throws IOException {
        byte[] head = new byte[9];
        try {
            in.readFully(head);
            byte[] payload = new byte[(head[0] & 255) << 16 | (head[1] & 255) << 8 | head[2] & 255];
            in.readFully(payload);
            int stream = (head[5] & 127) << 24 | (head[6] & 255) << 16 | (head[7] & 255) << 8 | head[8] & 255;
            return new Frame(head[3], head[4], stream, payload);
        } catch (EOFException e) {
            return null;
        }
    }

    /** The next of this type, all others skipped; null where the server closes before it. */
    @Nullable
    Frame await(int type) throws IOException {
        for (Frame frame = read(); frame != null; frame = read()) {
            if (frame.type() == type) {
                return frame;
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
