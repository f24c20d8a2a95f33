package dormouse.server.api;

import dormouse.server.fleet.Failure;
import dormouse.server.relay.BodyAllowance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** A body that is being made: its allowance is asked before it grows. Its maker's thread alone. */
final class CountedBytes extends OutputStream {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final BodyAllowance allowance;
    private @Nullable Failure refusal;

    CountedBytes(BodyAllowance allowance) {
        this.allowance = allowance;
    }

    /** Why it may not grow; null where it may. */
    @Nullable
    Failure refusal() {
        return refusal;
    }

    byte[] toByteArray() {
        return bytes.toByteArray();
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        if (refusal == null) {
            refusal = allowance.hold((long) bytes.size() + length);
        }
        if (refusal != null) {
            throw new IOException(refusal.message());
        }
        bytes.write(from, offset, length);
    }
}
