package dormouse.agent;

import com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one answer between the backend and the stream, under the server's window: what has been sent never
 * exceeds what has been consumed by more than the window, and the backend is asked for more only while what it has sent
 * doesn't either. So at most the window and one read of the socket are held here.
 */
final class AnswerFlow {
    private final long window;
    private ByteString pending = ByteString.EMPTY;
    private long received;
    private long sent;
    private long consumed;

    AnswerFlow(long window) {
        this.window = window;
    }

    /** Bytes from the backend. */
    void offer(ByteString data) {
        received += data.size();
        pending = pending.concat(data);
    }

    /** Whether the backend may send more. */
    boolean wantsMore() {
        return received - consumed < window;
    }

    /** The next bytes that may be sent, at most so many; null where there are none, or none may go. */
    @Nullable
    ByteString take(int most) {
        int size = (int) Math.min(Math.min(most, pending.size()), window - (sent - consumed));
        if (size <= 0) {
            return null;
        }
        ByteString data = pending.substring(0, size);
        pending = pending.substring(size);
        sent += size;
        return data;
    }

    /** What the server has consumed, from the start. A late or repeated word does nothing. */
    void consumed(long position) {
        consumed = Math.max(consumed, Math.min(position, sent));
    }

    /** Forgets what has not been sent. */
    void drop() {
        pending = ByteString.EMPTY;
    }

    boolean isDrained() {
        return pending.isEmpty();
    }

    boolean hasBegun() {
        return received > 0;
    }

    long sent() {
        return sent;
    }
}
