package dormouse.e2e;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A model server written by hand, on bare sockets, so that it can misbehave and sees at once when its client leaves. It can
 * sleep: then its port is closed until its alarm clock, another small server, is called at {@link #wakeUrl}.
 */
final class FakeBackend implements AutoCloseable {
    /** What it does with a POST. */
    interface Behaviour {
        void answer(Exchange exchange) throws IOException, InterruptedException;
    }

    /** One request and the connection to answer on. */
    static final class Exchange {
        final String path;
        /** As they came, a line each. */
        final String headers;

        final byte[] body;
        private final OutputStream out;
        private final CountDownLatch left = new CountDownLatch(1);

        Exchange(String path, String headers, byte[] body, OutputStream out) {
            this.path = path;
            this.headers = headers;
            this.body = body;
            this.out = out;
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }

        /** The client has closed the connection. */
        boolean clientLeft(long seconds) throws InterruptedException {
            return left.await(seconds, TimeUnit.SECONDS);
        }

        void raw(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }

        void head(int status, String contentType) throws IOException {
            raw("HTTP/1.1 " + status + " OK\r\ntransfer-encoding: chunked\r\n"
                    + (contentType.isEmpty() ? "" : "content-type: " + contentType + "\r\n") + "\r\n");
        }

        void chunk(byte[] data, int from, int length) throws IOException {
            out.write((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            out.write(data, from, length);
            out.write("\r\n".getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }

        void chunk(String text) throws IOException {
            byte[] data = text.getBytes(StandardCharsets.UTF_8);
            chunk(data, 0, data.length);
        }

        void end() throws IOException {
            raw("0\r\n\r\n");
        }

        void whole(int status, String text) throws IOException {
            head(status, "application/json");
            chunk(text);
            end();
        }
    }

    private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "fake-backend");
        thread.setDaemon(true);
        return thread;
    });
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Exchange> exchanges = new CopyOnWriteArrayList<>();
    private final AtomicInteger wakes = new AtomicInteger();
    private final Behaviour behaviour;
    private final HttpServer alarmClock;
    private final int port;
    private volatile @Nullable ServerSocket door;
    private volatile int wakeStatus = 200;
    private volatile int failingWakes;
    private volatile Duration bootTime = Duration.ZERO;

    private FakeBackend(Behaviour behaviour) throws IOException {
        this.behaviour = behaviour;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = probe.getLocalPort();
        }
        alarmClock = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        alarmClock.createContext("/wake", exchange -> {
            int status = wakes.incrementAndGet() <= failingWakes ? 500 : wakeStatus;
            if (status == 200 && door == null) {
                LockSupport.parkNanos(bootTime.toNanos());
                openAgain();
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        alarmClock.start();
    }

    static FakeBackend awake(Behaviour behaviour) {
        FakeBackend backend = asleep(behaviour);
        backend.open();
        return backend;
    }

    static FakeBackend asleep(Behaviour behaviour) {
        try {
            return new FakeBackend(behaviour);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its recipe answers with this from now on, and boots nothing unless it is 200. */
    void wakeAnswers(int status) {
        wakeStatus = status;
    }

    /** It takes at least about so long to boot, like a machine that has something to do then. */
    void bootsIn(Duration time) {
        bootTime = time;
    }

    /** Its recipe answers 500 the first times. */
    void wakeFails(int times) {
        failingWakes = times;
    }

    /** Boots. */
    void open() {
        try {
            ServerSocket opened = new ServerSocket();
            opened.setReuseAddress(true);
            opened.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 512);
            door = opened;
            threads.execute(() -> accept(opened));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Dies: its port is closed, and so are its connections. */
    void shut() {
        ServerSocket open = door;
        door = null;
        try {
            if (open != null) {
                open.close();
            }
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        sockets.clear();
    }

    /** Boots, unless it is up. */
    synchronized void openAgain() {
        if (door == null) {
            open();
        }
    }

    private void accept(ServerSocket opened) {
        try {
            while (true) {
                Socket socket = opened.accept();
                sockets.add(socket);
                if (opened.isClosed()) { // an accept that is under way takes who comes until its thread has been woken
                    socket.close();
                    return;
                }
                threads.execute(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed: it sleeps
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            String request = line(in);
            int length = 0;
            StringBuilder headers = new StringBuilder();
            for (String header = line(in); !header.isEmpty(); header = line(in)) {
                headers.append(header).append('\n');
                if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    length = Integer.parseInt(
                            header.substring(header.indexOf(':') + 1).trim());
                }
            }
            byte[] body = in.readNBytes(length);
            Exchange exchange = new Exchange(request.split(" ", 3)[1], headers.toString(), body, out);
            if (request.startsWith("GET ")) {
                String list = "{\"object\":\"list\",\"data\":[]}";
                exchange.raw(
                        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: "
                                + list.length() + "\r\n\r\n" + list);
                return;
            }
            exchanges.add(exchange);
            threads.execute(() -> {
                try {
                    while (in.read() >= 0) {
                        // a second request on this connection is not what these tests send
                    }
                } catch (IOException e) {
                    // reset: gone all the same
                }
                exchange.left.countDown();
            });
            behaviour.answer(exchange);
        } catch (IOException e) {
            // its client left while it was answering
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b = in.read();
        while (b >= 0 && b != '\n') {
            if (b != '\r') {
                line.write(b);
            }
            b = in.read();
        }
        if (b < 0 && line.size() == 0) {
            throw new IOException("the connection was closed");
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    /** Every POST so far. */
    List<Exchange> exchanges() {
        return List.copyOf(exchanges);
    }

    /** How often it was woken. */
    int wakes() {
        return wakes.get();
    }

    String url() {
        return "http://127.0.0.1:" + port + "/v1";
    }

    String wakeUrl() {
        return "http://127.0.0.1:" + alarmClock.getAddress().getPort() + "/wake";
    }

    /** As an item of an agent's list. */
    String llm(String name, int concurrency) {
        return "- name: " + name + "\n  url: " + url() + "\n  concurrency: " + concurrency + "\n";
    }

    /** The same with a recipe that wakes it. */
    String wakeableLlm(String name, int concurrency) {
        return llm(name, concurrency) + "  wake: {type: http, url: \"" + wakeUrl() + "\", maxWaitSeconds: 60}\n";
    }

    @Override
    public void close() {
        alarmClock.stop(0);
        shut();
        threads.shutdownNow();
    }
}
