package dormouse.server.door;

import dormouse.server.control.Head;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.TaskId;
import dormouse.server.relay.Client;
import dormouse.server.relay.Phase;
import dormouse.server.relay.Summary;
import dormouse.server.relay.Task;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A task's client on HTTP. The relay talks to it on any thread; everything is handed over to the call's event loop, in
 * order, and what is on its way there is bounded by {@link #ready}.
 */
final class Exchange implements Client {
    /** So much may be on its way to the event loop. */
    private static final int HANDED_OVER = 64 << 10;

    private final Call call;
    private final Context loop;
    private final AtomicInteger onTheWay = new AtomicInteger();
    private final AtomicBoolean stalled = new AtomicBoolean();
    private volatile boolean socketFull;

    // On the event loop.
    private @Nullable Task task;
    private @Nullable Answer answer;

    Exchange(Call call, boolean stream, Time time) {
        this.call = call;
        this.loop = Vertx.currentContext();
        call.whenGone(this::gone);
    }

    void begun(Task begun) {
        task = begun;
        if (call.over()) {
            begun.cancel();
        }
    }

    private void gone() {
        if (task != null) {
            task.cancel();
        }
    }

    @Override
    public void phase(Phase phase) {}

    @Override
    public void head(TaskId id, Head head) {
        onLoop(() -> {
            call.response().putHeader("x-dormouse-task", id.value());
            answer = Answer.passing(call, head);
            call.response().drainHandler(drained -> {
                socketFull = false;
                goOn();
            });
        });
    }

    @Override
    public boolean ready() {
        if (takesMore()) {
            return true;
        }
        stalled.set(true);
        return takesMore(); // else it became so in between, and nobody will say it
    }

    private boolean takesMore() {
        return !socketFull && onTheWay.get() < HANDED_OVER;
    }

    /** On the event loop. */
    private void goOn() {
        if (task != null && takesMore() && stalled.compareAndSet(true, false)) {
            task.ready();
        }
    }

    @Override
    public void chunk(ByteBuffer data) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        onTheWay.addAndGet(bytes.length);
        onLoop(() -> {
            onTheWay.addAndGet(-bytes.length);
            if (answer != null) {
                answer.chunk(Buffer.buffer(bytes));
                socketFull = call.response().writeQueueFull();
                goOn();
            }
        });
    }

    @Override
    public void finished(Summary summary) {
        onLoop(() -> {
            if (answer != null) {
                answer.whole();
            }
        });
    }

    @Override
    public void failed(Failure why) {
        onLoop(() -> {
            if (answer != null) {
                answer.broken(Refusal.of(why));
            } else {
                call.refuse(Refusal.of(why));
            }
        });
    }

    private void onLoop(Runnable event) {
        loop.runOnContext(now -> {
            if (!call.over()) {
                event.run();
            }
        });
    }
}
