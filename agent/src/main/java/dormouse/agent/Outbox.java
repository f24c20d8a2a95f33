package dormouse.agent;

import dormouse.v1.AgentMessage;
import io.grpc.stub.CallStreamObserver;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of a stream. Control messages go first; then data, one frame of each task in turn, so that no task
 * starves another. Nothing is handed to gRPC that it isn't ready for: what waits, waits in the tasks, under their
 * windows. On the loop alone.
 */
final class Outbox {
    /** More control messages than these are waiting only where the server has stopped to read. */
    static final int CONTROL_CAPACITY = 1024;

    /** Something that sends data when its turn comes. */
    interface Source {
        /** The next message, or null where there is none to be sent now; the source says so when there is one again. */
        @Nullable
        AgentMessage next();
    }

    private final Runnable overflow;
    private final Queue<AgentMessage> control = new ArrayDeque<>();
    private final Set<Source> round = new LinkedHashSet<>();
    private @Nullable CallStreamObserver<AgentMessage> out;
    private boolean draining;
    private boolean closed;

    /** @param overflow called once when the server takes no control messages; ends the stream */
    Outbox(Runnable overflow) {
        this.overflow = overflow;
    }

    /** Where it writes to, from the call's start on. */
    void attach(CallStreamObserver<AgentMessage> call) {
        out = call;
        drain();
    }

    /** Sends a control message before all data. */
    void control(AgentMessage message) {
        if (closed) {
            return;
        }
        if (control.size() >= CONTROL_CAPACITY) {
            close();
            overflow.run();
            return;
        }
        control.add(message);
        drain();
    }

    /** The source has something to send: it joins the round, or stays in it. */
    void ready(Source source) {
        if (!closed) {
            round.add(source);
            drain();
        }
    }

    /** Sends what can be sent; called also when the transport has become ready. */
    void drain() {
        if (draining) {
            return; // a source that is asked for data may say that it is ready
        }
        draining = true;
        try {
            while (!closed && out != null && out.isReady()) {
                AgentMessage message = control.poll();
                if (message == null) {
                    message = nextData();
                }
                if (message == null) {
                    return;
                }
                out.onNext(message);
            }
        } finally {
            draining = false;
        }
    }

    /** Whether everything has been handed to gRPC. */
    boolean isEmpty() {
        return control.isEmpty() && round.isEmpty();
    }

    /** Sends nothing more. */
    void close() {
        closed = true;
        control.clear();
        round.clear();
    }

    private @Nullable AgentMessage nextData() {
        while (!round.isEmpty()) {
            Source source = round.iterator().next();
            round.remove(source);
            AgentMessage message = source.next();
            if (message != null) {
                round.add(source);
                return message;
            }
        }
        return null;
    }
}
