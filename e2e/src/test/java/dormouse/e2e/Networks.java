package dormouse.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Two network namespaces of Linux: in one a server may run; the other is the router on the one way to it, which can be told
 * to drop every packet, without a word to either end. A second way to the server is not touched by that. Needs root and
 * {@code ip}.
 */
final class Networks implements AutoCloseable {
    /** Where the server is for who goes by the router. */
    static final String ROUTED = "10.77.2.2";
    /** Where it is for who does not. */
    static final String DIRECT = "10.77.3.2";

    private static final long ID = ProcessHandle.current().pid() % 100_000;

    private final String server = "dm-server-" + ID;
    private final String router = "dm-router-" + ID;

    Networks() throws IOException {
        try {
            run("ip netns add " + server);
            run("ip netns add " + router);
            link("r", null, "10.77.1.1/24", "s", router, "10.77.1.2/24");
            link("t", router, "10.77.2.1/24", "u", server, ROUTED + "/24");
            link("v", null, "10.77.3.1/24", "w", server, DIRECT + "/24");
            run("ip -n " + server + " link set lo up");
            run("ip route add 10.77.2.0/24 via 10.77.1.2");
            run("ip -n " + server + " route add 10.77.1.0/24 via 10.77.2.1");
            dropping(false);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Why there can be none here; empty where there can. */
    static String missing() {
        try {
            String probe = "dm-probe-" + ID;
            run("ip netns add " + probe);
            run("ip netns del " + probe);
            return "";
        } catch (IOException e) {
            return "network namespaces can't be made here: " + e.getMessage();
        }
    }

    private static void link(String one, String oneSpace, String oneIs, String other, String otherSpace, String otherIs)
            throws IOException {
        String a = "dm" + one + ID;
        String b = "dm" + other + ID;
        run("ip link add " + a + " type veth peer name " + b);
        run("ip link set " + b + " netns " + otherSpace);
        if (oneSpace != null) {
            run("ip link set " + a + " netns " + oneSpace);
        }
        String there = oneSpace == null ? "ip" : "ip -n " + oneSpace;
        run(there + " addr add " + oneIs + " dev " + a);
        run(there + " link set " + a + " up");
        run("ip -n " + otherSpace + " addr add " + otherIs + " dev " + b);
        run("ip -n " + otherSpace + " link set " + b + " up");
    }

    /** Whether the router drops what it should pass on, both ways. */
    void dropping(boolean drop) throws IOException {
        run("ip netns exec " + router + " sysctl -qw net.ipv4.ip_forward=" + (drop ? 0 : 1));
    }

    /** The command that runs another one where the server is to be. */
    List<String> atServer(List<String> command) {
        List<String> inside = new ArrayList<>(List.of("ip", "netns", "exec", server));
        inside.addAll(command);
        return inside;
    }

    private static void run(String command) throws IOException {
        Process process =
                new ProcessBuilder(command.split(" ")).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("\"" + command + "\" said \"" + said + "\"");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        for (String link : List.of("dmr" + ID, "dmv" + ID)) {
            try {
                run("ip link del "
                        + link); // else it may outlive its namespace for a while, and the next could not be made
            } catch (IOException e) {
                // it was not made, or is gone already
            }
        }
        IOException first = null;
        for (String space : List.of(server, router)) {
            try {
                run("ip netns del " + space); // its ends of the links go with it, and so do the others
            } catch (IOException e) {
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
