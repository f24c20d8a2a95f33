package dormouse.server.relay;

import dormouse.server.fleet.LlmName;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Llms that answer to one name, and the line of the tasks that wait for any of them: for a slot, or for a wake and a slot,
 * whichever comes first. In order of arrival. Any thread.
 */
final class Pool {
    private record Place(Task task, boolean counted) {}

    private final LlmName name;
    private final AtomicInteger turn = new AtomicInteger();
    private final TreeMap<Long, Place> line = new TreeMap<>(); // under this, and so the next two
    private int counted;
    private List<LlmName> members = List.of();

    Pool(LlmName name) {
        this.name = name;
    }

    LlmName name() {
        return name;
    }

    /** Their names, in order, whatever their status. */
    synchronized List<LlmName> members() {
        return members;
    }

    synchronized void members(List<LlmName> now) {
        members = List.copyOf(now);
    }

    /** Grows by one each time. */
    int nextTurn() {
        return turn.getAndIncrement();
    }

    /**
     * Takes its place in the line, or changes it.
     *
     * @param counts against the line's bound: it came by itself, and waits for nothing but a slot
     * @return its position, from 1
     */
    synchronized int enter(Task task, boolean counts) {
        leave(task);
        line.put(task.arrival(), new Place(task, counts));
        counted += counts ? 1 : 0;
        return line.headMap(task.arrival(), true).size();
    }

    /** Stands in it no more, if it did. */
    synchronized void leave(Task task) {
        Place place = line.remove(task.arrival());
        if (place != null && place.counted()) {
            counted--;
        }
    }

    /** Takes the first out of it that came before that arrival and may run there; null where there is none. */
    synchronized @Nullable Task take(long before, Predicate<Task> mayRun) {
        for (Iterator<Place> places = line.headMap(before).values().iterator(); places.hasNext(); ) {
            Place place = places.next();
            if (mayRun.test(place.task())) {
                places.remove();
                counted -= place.counted() ? 1 : 0;
                return place.task();
            }
        }
        return null;
    }

    /** How many stand in it. */
    synchronized int waiting() {
        return line.size();
    }

    /** How many of them count against its bound. */
    synchronized int counted() {
        return counted;
    }

    /** Those who stand in it, the first first. */
    synchronized List<Task> line() {
        List<Task> tasks = new ArrayList<>(line.size());
        line.values().forEach(place -> tasks.add(place.task()));
        return tasks;
    }

    /** For the messages of assertions: members and line. */
    @Override
    public synchronized String toString() {
        Map<String, Object> shown = Map.of("members", members, "waiting", line.size());
        return name + " " + shown;
    }
}
