package dormouse.agent;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A backend over bare sockets, so that it can misbehave in every way that real ones do. A thread per connection. */
final class ScriptedBackend implements AutoCloseable {
    /** What is done with each request. */
    interface Script {
        void answer(Request request, Connection connection) throws IOException, InterruptedException;
    }

    /** What came: the request line, the headers in lower case, the body. */
    record Request(String line, Map<String, String> headers, String text, int numberOnConnection) {}

    final AtomicInteger connections = new AtomicInteger();
    final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    volatile Script script;

    private final ServerSocket listener;
    private final Thread acceptor;

    ScriptedBackend(Script script) {
        this.script = script;
        try {
            listener = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        acceptor = daemon(this::accept, "scripted-backend");
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort() + "/v1");
    }

    int port() {
        return listener.getLocalPort();
    }

    /** A whole answer with its length, after which the connection stays open. */
    static Script answering(int status, String contentType, String body) {
        return (request, connection) -> connection.answer(status, contentType, body);
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                if (listener
                        .isClosed()) { // the accept was under way, and takes who comes until its thread has been woken
                    socket.close();
                    return;
                }
                connections.incrementAndGet();
                daemon(() -> serve(new Connection(socket)), "scripted-connection");
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private void serve(Connection connection) {
        try (connection) {
            for (int number = 1; !connection.socket.isClosed(); number++) {
                Request request = connection.read(number);
                if (request == null) {
                    return;
                }
                requests.add(request);
                script.answer(request, connection);
            }
        } catch (IOException | InterruptedException gone) {
            // the agent has closed it, which tests see by awaitClose
        } finally {
            connection.closed.countDown();
        }
    }

    private static Thread daemon(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Nobody is let in any more when this returns; who is in stays. */
    @Override
    public void close() {
        try {
            listener.close();
            acceptor.join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One connection. */
    static final class Connection implements AutoCloseable {
        final Socket socket;
        final CountDownLatch closed = new CountDownLatch(1);
        private final InputStream in;
        private final OutputStream out;

        Connection(Socket socket) {
            this.socket = socket;
            try {
                in = new BufferedInputStream(socket.getInputStream());
                out = socket.getOutputStream();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.UTF_8));
        }

        void write(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
        }

        void chunk(String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            write(Integer.toHexString(bytes.length) + "\r\n" + text + "\r\n");
        }

        void head(int status, String... headers) throws IOException {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " X\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            write(head.append("\r\n").toString());
        }

        void chunkedHead(int status, String contentType) throws IOException {
            head(status, "Content-Type: " + contentType, "Transfer-Encoding: chunked");
        }

        void answer(int status, String contentType, String body) throws IOException {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            head(status, "Content-Type: " + contentType, "Content-Length: " + bytes.length);
            write(bytes);
        }

        /** Blocks until the agent has closed its end; false where it hasn't within ten seconds. */
        boolean awaitClose() throws IOException {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(10));
            try {
                return in.read() < 0;
            } catch (java.net.SocketTimeoutException stillOpen) {
                return false;
            } catch (IOException reset) {
                return true;
            }
        }

        @org.jspecify.annotations.Nullable
        Request read(int number) throws IOException {
            String line = line();
            if (line == null) {
                return null;
            }
            Map<String, String> headers = new TreeMap<>();
            for (String header = line(); header != null && !header.isEmpty(); header = line()) {
                int colon = header.indexOf(':');
                headers.put(
                        header.substring(0, colon).toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip());
            }
            byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
            return new Request(line, headers, new String(body, StandardCharsets.UTF_8), number);
        }

        private @org.jspecify.annotations.Nullable String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    return null;
                }
                if (c != '\r') {
                    line.write(c);
                }
            }
            return line.toString(StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
