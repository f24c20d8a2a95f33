package dormouse.server.door;

import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.relay.BodyAllowance;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes in the body of one request, as far as it may be held: what is too large is refused by its announced length before
 * a byte of it is read, and else at the byte that is too much. On the call's event loop.
 */
final class BodyReader {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int FIRST_BLOCK = 4 << 10;
    private static final int LARGEST_BLOCK = 64 << 10;

    private final Call call;
    private final BodyAllowance allowance;
    private final Time time;
    private final Duration longest;
    private final Context loop;
    private final long begun;
    private final Consumer<byte[]> whole;
    private final Queue<byte[]> full = new ArrayDeque<>();
    private byte[] block = new byte[0];
    private int used;
    private int total;
    private long cameAt;
    private Time.@Nullable Alarm alarm;
    private boolean over;

    /** @param whole gets the body, once; does not hear of one that was refused, or did not come */
    BodyReader(Call call, BodyAllowance allowance, Door.Ground ground, Consumer<byte[]> whole) {
        this.call = call;
        this.allowance = allowance;
        this.time = ground.time();
        this.longest = ground.deadlines().total();
        this.loop = Vertx.currentContext();
        this.begun = time.nanos();
        this.cameAt = begun;
        this.whole = whole;
    }

    void read() {
        HttpServerRequest request = call.request();
        long announced = announced(request);
        Failure tooLarge = announced < 0 ? null : allowance.refusal(announced);
        if (tooLarge != null) {
            refuse(Refusal.of(tooLarge));
            return;
        }
        call.whenGone(this::stop);
        request.exceptionHandler(broken -> stop());
        request.handler(this::take);
        request.endHandler(ended -> end());
        watch(PATIENCE);
        if ("100-continue".equalsIgnoreCase(request.getHeader("expect"))) {
            call.response().writeContinue();
        }
    }

    /** One alarm, set anew when it goes off too early, not with each piece. */
    private void watch(Duration after) {
        alarm = time.after(
                after,
                () -> loop.runOnContext(now -> {
                    if (over) {
                        return;
                    }
                    Duration left = PATIENCE.minus(time.since(cameAt));
                    if (time.since(begun).compareTo(longest) >= 0) {
                        refuse(Refusal.bodyTooSlow(
                                "the request's body was not whole within " + longest.toSeconds() + " s"));
                    } else if (left.isNegative() || left.isZero()) {
                        refuse(Refusal.bodyTooSlow(
                                "nothing came of the request's body for " + PATIENCE.toSeconds() + " s"));
                    } else {
                        watch(left);
                    }
                }));
    }

    private static long announced(HttpServerRequest request) {
        String length = request.getHeader("content-length");
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return -1; // counted as it comes
        }
    }

    private void take(Buffer piece) {
        if (over) {
            return;
        }
        Failure refusal = allowance.hold((long) total + piece.length());
        if (refusal != null) {
            refuse(Refusal.of(refusal));
            return;
        }
        cameAt = time.nanos();
        int from = 0;
        while (from < piece.length()) {
            if (used == block.length) {
                nextBlock();
            }
            int now = Math.min(piece.length() - from, block.length - used);
            piece.getBytes(from, from + now, block, used);
            used += now;
            total += now;
            from += now;
        }
    }

    /** Grows with the body, so that a small one takes little, and one of many tiny pieces no more than its bytes. */
    private void nextBlock() {
        if (used > 0) {
            full.add(block);
        }
        block = new byte[Math.min(Math.max(FIRST_BLOCK, total), LARGEST_BLOCK)];
        used = 0;
    }

    private void end() {
        if (over) {
            return;
        }
        over();
        byte[] body = new byte[total];
        int at = 0;
        for (byte[] next = full.poll(); next != null; next = full.poll()) {
            System.arraycopy(next, 0, body, at, next.length);
            at += next.length;
        }
        System.arraycopy(block, 0, body, at, used);
        block = new byte[0];
        whole.accept(body);
    }

    private void refuse(Refusal refusal) {
        stop();
        call.refuse(refusal);
    }

    private void stop() {
        if (!over) {
            over();
            full.clear();
            block = new byte[0];
            allowance.release();
        }
    }

    private void over() {
        over = true;
        if (alarm != null) {
            alarm.cancel();
        }
    }
}
