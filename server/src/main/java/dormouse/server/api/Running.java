package dormouse.server.api;

import dormouse.server.relay.Task;
import org.jspecify.annotations.Nullable;

/** A call's hold on its task, from before there is one: what is said too early is done when it has begun. Any thread. */
final class Running {
    private @Nullable Task task; // under this
    private boolean cancelled; // under this

    void begun(Task begun) {
        boolean gone;
        synchronized (this) {
            task = begun;
            gone = cancelled;
        }
        if (gone) {
            begun.cancel();
        } else {
            begun.ready();
        }
    }

    /** The client can take more. */
    void ready() {
        Task known = task();
        if (known != null) {
            known.ready();
        }
    }

    /** The client is gone, or has heard enough. */
    void cancel() {
        Task known;
        synchronized (this) {
            cancelled = true;
            known = task;
        }
        if (known != null) {
            known.cancel();
        }
    }

    private synchronized @Nullable Task task() {
        return task;
    }
}
