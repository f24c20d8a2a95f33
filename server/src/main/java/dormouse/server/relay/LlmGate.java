package dormouse.server.relay;

import dormouse.server.fleet.LlmName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One Llm's turnstile: so many tasks at a time as its {@code concurrency} says, the others in a bounded queue, first come,
 * first served. Those that have waited for a wake enter without counting against the bound of the queue. Who waits for any
 * member of its pool stands elsewhere, and has a slot here when it came before those in this queue. Any thread.
 */
final class LlmGate {
    /** Who waits for a slot of this Llm and of others. Called with the gate locked; calls no gate. */
    interface Line {
        /** Takes the first out of it who came before that arrival; null where there is none. */
        @Nullable
        Task next(long before);
    }

    private final LlmName llm;
    private final int limit;
    private final IntSupplier concurrency;
    private final Line line;
    private final Set<Task> queue = new LinkedHashSet<>(); // under this
    private int woken; // of those in the queue, under this
    private int running; // under this
    private boolean pumping; // under this
    private boolean again; // under this

    LlmGate(LlmName llm, int limit, IntSupplier concurrency, Line line) {
        this.llm = llm;
        this.limit = limit;
        this.concurrency = concurrency;
        this.line = line;
    }

    LlmName llm() {
        return llm;
    }

    synchronized int running() {
        return running;
    }

    synchronized int queued() {
        return queue.size();
    }

    synchronized boolean idle() {
        return running == 0 && queue.isEmpty();
    }

    /** Takes its place in the queue: its position from 1, or 0 where the queue is full. Then call {@link #pump}. */
    synchronized int enter(Task task) {
        boolean free = running < concurrency.getAsInt() && queue.isEmpty();
        if (!task.woken() && !free && queue.size() - woken >= limit) {
            return 0;
        }
        queue.add(task);
        if (task.woken()) {
            woken++;
        }
        return queue.size();
    }

    /** Takes a slot at once; false where those in the queue need all that are free. */
    synchronized boolean take() {
        if (!hasSlot()) {
            return false;
        }
        running++;
        return true;
    }

    /** Whether {@link #take} would take one. */
    synchronized boolean hasSlot() {
        return running + queue.size() < concurrency.getAsInt();
    }

    /** Whether those in the queue will run at once. */
    synchronized boolean hasRoom() {
        return running + queue.size() <= concurrency.getAsInt();
    }

    /** Leaves the queue; false where it was not in it. */
    synchronized boolean leave(Task task) {
        boolean was = queue.remove(task);
        if (was && task.woken()) {
            woken--;
        }
        return was;
    }

    /** Empties the queue. */
    synchronized List<Task> takeAll() {
        List<Task> all = new ArrayList<>(queue);
        queue.clear();
        woken = 0;
        return all;
    }

    /** A slot is free. */
    void release() {
        synchronized (this) {
            running--;
        }
        pump();
    }

    /** Gives the free slots to those whose turn it is. Never nested, however deep the calls that lead here. */
    void pump() {
        synchronized (this) {
            if (pumping) {
                again = true;
                return;
            }
            pumping = true;
        }
        while (true) {
            Task next = null;
            synchronized (this) {
                if (running < concurrency.getAsInt()) {
                    next = next();
                }
                if (next != null) {
                    running++;
                } else if (again) {
                    again = false;
                    continue;
                } else {
                    pumping = false;
                    return;
                }
            }
            next.run(this);
        }
    }

    /** Whose turn it is, taken out of where it stood. */
    private synchronized @Nullable Task next() {
        Task own = queue.isEmpty() ? null : queue.iterator().next();
        Task other = line.next(own == null ? Long.MAX_VALUE : own.arrival());
        if (other == null && own != null) {
            leave(own);
        }
        return other == null ? own : other;
    }
}
