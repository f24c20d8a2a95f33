package dormouse.agent;

import com.google.protobuf.ByteString;
import dormouse.v1.InferInput;
import org.jspecify.annotations.Nullable;

/**
 * Puts the frames of a request's body together and says when the server is to hear what has been consumed. A frame is
 * consumed when it is here. On the loop alone.
 */
final class InferInputs {
    private final long size;
    private final long window;
    private ByteString body = ByteString.EMPTY;
    private long received;
    private long told;
    private boolean complete;

    /** @param size what the server has announced, in bytes */
    InferInputs(long size, long window) {
        this.size = size;
        this.window = window;
    }

    /** Takes a frame; what is wrong with it, or null. */
    @Nullable
    String add(InferInput frame) {
        long length = frame.getData().size();
        if (complete) {
            return "input after its last frame";
        }
        if (frame.getOffset() != received) {
            return "input at " + frame.getOffset() + " where " + received + " was due";
        }
        if (received + length > size) {
            return "input longer than the announced " + size + " bytes";
        }
        if (received + length - told > window) {
            return "input overruns its window of " + window + " bytes";
        }
        body = body.concat(frame.getData());
        received += length;
        complete = frame.getLast();
        if (complete && received != size) {
            return "input of " + received + " bytes where " + size + " were announced";
        }
        return null;
    }

    /** Whether enough has come that the server should hear of it. */
    boolean isDueToTell() {
        return received - told >= window / 2 || (complete && received > told);
    }

    /** The position to tell of; it counts as told. */
    long tell() {
        told = received;
        return told;
    }

    /** Bytes that are here. */
    long received() {
        return received;
    }

    boolean isComplete() {
        return complete;
    }

    /** The whole body, which is forgotten here. */
    byte[] take() {
        byte[] bytes = body.toByteArray();
        body = ByteString.EMPTY;
        return bytes;
    }
}
