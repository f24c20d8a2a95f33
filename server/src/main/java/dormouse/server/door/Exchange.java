package dormouse.server.door;

import dormouse.server.control.Head;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.server.relay.Client;
import dormouse.server.relay.Phase;
import dormouse.server.relay.Summary;
import dormouse.server.relay.Task;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A task's client on HTTP:
 *
 * <pre>
 *   SILENT ──head──▶ ANSWERING ──▶ over        a refusal while SILENT has a status of its own
 *     └──10 s──▶ COMMENTING ──head──▶ ANSWERING   event streams alone; from here on an error is an event
 * </pre>
 *
 * The relay talks to it on any thread; everything is handed over to the call's event loop, in order, and what is on its
 * way there is bounded by {@link #ready}.
 */
final class Exchange implements Client {
    /** So much may be on its way to the event loop. */
    private static final int HANDED_OVER = 64 << 10;

    private static final Duration QUIET_SPELL = Duration.ofSeconds(10);

    private final Call call;
    private final Context loop;
    private final Waiting waiting;
    private final AtomicInteger onTheWay = new AtomicInteger();
    private final AtomicBoolean stalled = new AtomicBoolean();
    private volatile boolean socketFull;
    private volatile @Nullable Phase phase;

    // On the event loop.
    private @Nullable Task task;
    private boolean commenting;
    private @Nullable Answer answer;

    /** @param stream whether the client expects an event stream, and so can be kept waiting by comments */
    Exchange(Call call, boolean stream, Time time) {
        this.call = call;
        this.loop = Vertx.currentContext();
        this.waiting = new Waiting(time, loop, QUIET_SPELL, this::comment);
        call.whenGone(this::gone);
        call.whenOver(waiting::stop);
        if (stream) {
            waiting.start();
        }
    }

    void begun(Task begun) {
        task = begun;
        call.response().putHeader("x-dormouse-task", begun.id().value());
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
    public void phase(Phase now) {
        phase = now;
    }

    /** What a proxy sees as life and a client skips. */
    private void comment() {
        if (!commenting) {
            commenting = true;
            Answer.beginEvents(call);
        }
        if (!call.response().writeQueueFull()) {
            Phase now = phase;
            String what = now == null ? "waiting" : now.kind().name().toLowerCase(Locale.ROOT);
            call.response().write(": " + what + "\n\n");
        }
    }

    @Override
    public void head(TaskId id, Head head) {
        onLoop(() -> {
            if (head.status() < 200 || head.status() > 599) {
                failed(Failure.of(Reason.BACKEND_FAILED, "the backend answered with the status " + head.status()));
                gone();
                return;
            }
            waiting.stop();
            answer = commenting ? Answer.afterComments(call, head) : Answer.passing(call, head);
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
                socketFull = !call.over() && call.response().writeQueueFull();
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
            waiting.stop();
            Refusal refusal = Refusal.of(why);
            if (answer != null) {
                answer.broken(refusal);
            } else if (commenting) {
                call.end(call.dialect().frame(refusal));
            } else {
                call.refuse(refusal);
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
