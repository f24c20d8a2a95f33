package dormouse.server.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The wire to a database, which can be cut: now, or as soon as a COMMIT has passed over it. */
final class Wire implements AutoCloseable {
    private final int target;
    private final ServerSocket door;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;
    private volatile boolean cutBeforeCommit;
    private volatile boolean cutAfterCommit;

    Wire(int target) throws IOException {
        this.target = target;
        this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        thread(this::accept);
    }

    int port() {
        return door.getLocalPort();
    }

    /** Ends every connection, and each new one at once. */
    void cut() {
        cut = true;
        sockets.forEach(Wire::close);
        sockets.clear();
    }

    boolean isCut() {
        return cut;
    }

    void mend() {
        cut = false;
        cutBeforeCommit = false;
        cutAfterCommit = false;
    }

    /** The next COMMIT does not reach the database. */
    void cutBeforeCommit() {
        cutBeforeCommit = true;
    }

    /** The next COMMIT reaches the database, its reply nobody. */
    void cutAfterCommit() {
        cutAfterCommit = true;
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                Socket client = door.accept();
                if (cut) {
                    close(client);
                    continue;
                }
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(client);
                sockets.add(server);
                Link link = new Link(client, server);
                thread(link::toServer);
                thread(link::toClient);
            } catch (IOException e) {
                // The door is closed: the loop ends.
            }
        }
    }

    /** One connection. */
    private final class Link {
        private final Socket client;
        private final Socket server;
        private volatile boolean mute;

        Link(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        void toServer() {
            byte[] buffer = new byte[1 << 16];
            try (client;
                    server) {
                InputStream in = client.getInputStream();
                OutputStream out = server.getOutputStream();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    boolean commit = new String(buffer, 0, n, StandardCharsets.ISO_8859_1).contains("COMMIT");
                    if (commit && cutBeforeCommit) {
                        cut();
                        return;
                    }
                    mute |= commit && cutAfterCommit;
                    out.write(buffer, 0, n);
                }
            } catch (IOException e) {
                // One end is closed: so is the other.
            }
        }

        void toClient() {
            byte[] buffer = new byte[1 << 16];
            try (client;
                    server) {
                InputStream in = server.getInputStream();
                OutputStream out = client.getOutputStream();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    if (mute) {
                        cut();
                        return;
                    }
                    out.write(buffer, 0, n);
                }
            } catch (IOException e) {
                // One end is closed: so is the other.
            }
        }
    }

    @Override
    public void close() throws IOException {
        cut();
        door.close();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no use any more.
        }
    }

    private static void thread(Runnable work) {
        Thread thread = new Thread(work, "wire");
        thread.setDaemon(true);
        thread.start();
    }
}
