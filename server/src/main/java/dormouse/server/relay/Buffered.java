package dormouse.server.relay;

import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes of all request bodies that are held, against one bound. Any thread. */
final class Buffered {
    private final long most;
    private final AtomicLong held = new AtomicLong();

    Buffered(long most) {
        this.most = most;
    }

    boolean reserve(long bytes) {
        while (true) {
            long now = held.get();
            if (bytes > most - now) {
                return false;
            }
            if (held.compareAndSet(now, now + bytes)) {
                return true;
            }
        }
    }

    void release(long bytes) {
        held.addAndGet(-bytes);
    }

    long held() {
        return held.get();
    }
}
