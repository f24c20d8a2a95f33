package dormouse.server.door;

import java.nio.charset.StandardCharsets;

/** What the probes answer. */
final class Probes {
    static final byte[] ALIVE = json("alive");
    static final byte[] READY = json("ready");
    static final byte[] DRAINING = json("draining");

    private Probes() {}

    private static byte[] json(String status) {
        return ("{\"status\":\"" + status + "\"}").getBytes(StandardCharsets.UTF_8);
    }
}
