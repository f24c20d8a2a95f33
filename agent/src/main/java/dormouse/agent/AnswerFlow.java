package dormouse.agent;

import com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one answer between the backend and the stream, under the server's window: what has been sent never
 * exceeds what has been consumed by more than the window, and the backend is asked for more only while what it has sent
 * doesn't either. What is sent is kept until it is consumed, since a stream may be lost with it on the way; so at most the
 * window and one read of the socket are held here.
 */
final class AnswerFlow {
    private final long window;
    private ByteString held = ByteString.EMPTY; // from consumed to received
    private long received;
    private long sent;
    private long consumed;
    private boolean begun;

    AnswerFlow(long window) {
        this.window = window;
    }

    /** Bytes from the backend. */
    void offer(ByteString data) {
        begun = true;
        received += data.size();
        held = held.concat(data);
    }

    /** Whether the backend may send more. */
    boolean wantsMore() {
        return received - consumed < window;
    }

    /** The next bytes that may be sent, at most so many; null where there are none, or none may go. */
    @Nullable
    ByteString take(int most) {
        int from = (int) (sent - consumed);
        int size = (int) Math.min(Math.min(most, received - sent), window - from);
        if (size <= 0) {
            return null;
        }
        ByteString data = held.substring(from, from + size);
        sent += size;
        return data;
    }

    /** What the server has consumed, from the start. A late or repeated word does nothing. */
    void consumed(long position) {
        long now = Math.max(consumed, Math.min(position, sent));
        held = held.substring((int) (now - consumed));
        consumed = now;
    }

    /** Goes back to what has arrived of it; false where that can't be: it was never sent, or was consumed before. */
    boolean rewind(long arrived) {
        if (arrived < consumed || arrived > sent) {
            return false;
        }
        sent = arrived;
        return true;
    }

    /** Forgets what has not been sent. */
    void drop() {
        held = held.substring(0, (int) (sent - consumed));
        received = sent;
    }

    boolean isDrained() {
        return sent == received;
    }

    boolean hasBegun() {
        return begun;
    }

    long sent() {
        return sent;
    }
}
