package dormouse.cli;

import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * All that a command has of the world around it besides the server; tests hand in their own.
 *
 * @param pause waits between two tries to reach a server again
 * @param random spreads those waits
 */
record Console(
        Map<String, String> env,
        InputStream in,
        Output out,
        Output err,
        Terminal terminal,
        InstantSource clock,
        Pause pause,
        RandomGenerator random) {

    /** Waits, or is interrupted. */
    interface Pause {
        void pause(Duration time) throws InterruptedException;
    }

    /** One line to the person, on standard error. */
    void tell(String line) {
        err.println(line).flush();
    }
}
