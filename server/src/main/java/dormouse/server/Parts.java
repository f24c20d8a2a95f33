package dormouse.server;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server is made of, closed in the reverse order of its making, each part whatever another one's closing does.
 * Made and closed by one thread at a time.
 */
final class Parts implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Parts.class);

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    /** It stands on what was added before, and is closed before that. */
    <T extends AutoCloseable> T add(T part) {
        parts.push(part);
        return part;
    }

    /** Everything stands on it: it is closed behind all that is there by now. */
    void addGround(AutoCloseable part) {
        parts.addLast(part);
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            AutoCloseable part = parts.pop();
            try {
                part.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                log.warn("a part did not close cleanly cause={}", e.toString());
            }
        }
    }
}
