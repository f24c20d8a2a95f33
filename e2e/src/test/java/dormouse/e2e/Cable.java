package dormouse.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The way between an agent and its server, over TCP, that a test can cut: then both ends see their connections reset, what
 * was on the way is lost, and new ones are reset until it is mended. Or it can swallow what it is given, without a word.
 */
final class Cable implements AutoCloseable {
    private final InetSocketAddress server;
    private final ServerSocket door;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "cable");
        thread.setDaemon(true);
        return thread;
    });
    private volatile boolean cut;
    private volatile boolean swallowing;

    Cable(String server) {
        int colon = server.lastIndexOf(':');
        this.server = new InetSocketAddress(server.substring(0, colon), Integer.parseInt(server.substring(colon + 1)));
        try {
            door = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.execute(this::accept);
    }

    String address() {
        return "127.0.0.1:" + door.getLocalPort();
    }

    /** How many connections there have been that reached the server. */
    int connections() {
        return connections.get();
    }

    void cut() {
        cut = true;
        sockets.forEach(Cable::reset);
        sockets.clear();
    }

    /** Connections stay open, and nothing passes, nor ever will of what is given meanwhile. */
    void swallow() {
        swallowing = true;
    }

    void mend() {
        if (swallowing) {
            sockets.forEach(Cable::reset); // bytes are missing in them
            sockets.clear();
        }
        swallowing = false;
        cut = false;
    }

    private void accept() {
        try {
            while (true) {
                Socket agent = door.accept();
                if (cut) {
                    reset(agent);
                    continue;
                }
                sockets.add(agent);
                if (!swallowing) {
                    Socket onward = onward();
                    if (onward == null) {
                        reset(agent);
                        continue;
                    }
                    sockets.add(onward);
                    connections.incrementAndGet();
                    threads.execute(() -> pass(agent, onward));
                    threads.execute(() -> pass(onward, agent));
                }
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    /** Null where the server is not there. */
    private @Nullable Socket onward() {
        try {
            return new Socket(server.getAddress(), server.getPort());
        } catch (IOException e) {
            return null;
        }
    }

    private void pass(Socket from, Socket to) {
        byte[] buffer = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                if (!swallowing) {
                    out.write(buffer, 0, length);
                }
            }
            to.shutdownOutput();
        } catch (IOException gone) {
            reset(from);
            reset(to);
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // closed already
        }
    }

    @Override
    public void close() {
        cut();
        try {
            door.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.shutdownNow();
    }
}
