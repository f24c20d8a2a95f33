package dormouse.server.door;

import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/** What those ask who run the process: is it alive, and is it to be sent work. Any thread. */
final class Probes {
    private final BooleanSupplier draining;

    /** @param draining whether the server is going down */
    Probes(BooleanSupplier draining) {
        this.draining = draining;
    }

    void alive(Call call) {
        say(call, 200, "alive");
    }

    void ready(Call call) {
        boolean leaving = draining.getAsBoolean();
        say(call, leaving ? 503 : 200, leaving ? "draining" : "ready");
    }

    private static void say(Call call, int status, String word) {
        call.json(status, ("{\"status\":\"" + word + "\"}").getBytes(StandardCharsets.UTF_8));
    }
}
