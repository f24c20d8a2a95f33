package dormouse.server.control;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.SessionId;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/**
 * The rows of the fleet by name, by session and by pool, so that what a registration costs does not grow with the fleet.
 * Written on the lane alone, read by any thread; a reader may find a row a moment before its session or pool is known.
 */
final class Rows {
    private final ConcurrentSkipListMap<LlmName, Llm> byName = new ConcurrentSkipListMap<>();
    private final ConcurrentMap<SessionId, Set<LlmName>> bySession = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Set<LlmName>> byPool = new ConcurrentHashMap<>();

    @Nullable
    Llm find(LlmName name) {
        return byName.get(name);
    }

    int size() {
        return byName.size();
    }

    /** All by name: a live view. */
    Collection<Llm> all() {
        return Collections.unmodifiableCollection(byName.values());
    }

    /** Those after a name, by name: a live view. */
    Collection<Llm> after(LlmName name) {
        return Collections.unmodifiableCollection(byName.tailMap(name, false).values());
    }

    /** By name. */
    List<Llm> ownedBy(SessionId session) {
        return bySession.getOrDefault(session, Set.of()).stream()
                .map(byName::get)
                .filter(Objects::nonNull)
                .filter(row -> row.ownedBy(session))
                .toList();
    }

    /** Whether a row of another session, or of none, names that pool. */
    boolean isPoolOfOthers(String pool, SessionId session) {
        return byPool.getOrDefault(pool, Set.of()).stream()
                .map(byName::get)
                .anyMatch(row -> row != null && !row.ownedBy(session));
    }

    void put(Llm row) {
        Llm before = byName.put(row.name(), row);
        if (before != null) {
            unlist(before, row);
        }
        SessionId session = session(row);
        if (session != null) {
            list(bySession, session, row.name());
        }
        String pool = row.spec().pool();
        if (!pool.isEmpty()) {
            list(byPool, pool, row.name());
        }
    }

    void remove(LlmName name) {
        Llm before = byName.remove(name);
        if (before != null) {
            unlist(before, null);
        }
    }

    /** Takes {@code row} out of where its next state, if there is one, does not belong any more. */
    private void unlist(Llm row, @Nullable Llm next) {
        SessionId session = session(row);
        if (session != null && (next == null || !next.ownedBy(session))) {
            unlist(bySession, session, row.name());
        }
        String pool = row.spec().pool();
        if (!pool.isEmpty() && (next == null || !next.spec().pool().equals(pool))) {
            unlist(byPool, pool, row.name());
        }
    }

    private static @Nullable SessionId session(Llm row) {
        return row.owner() == null ? null : row.owner().session();
    }

    private static <K> void list(ConcurrentMap<K, Set<LlmName>> index, K key, LlmName name) {
        index.computeIfAbsent(key, any -> new ConcurrentSkipListSet<>()).add(name);
    }

    private static <K> void unlist(ConcurrentMap<K, Set<LlmName>> index, K key, LlmName name) {
        Set<LlmName> names = index.getOrDefault(key, Set.of());
        names.remove(name);
        if (names.isEmpty()) {
            index.remove(key, names);
        }
    }

    /** Notes when sessions were heard: neither owner nor pool changes by that. */
    void heard(Map<SessionId, Instant> sessions) {
        sessions.forEach((session, at) -> bySession
                .getOrDefault(session, Set.of())
                .forEach(name -> byName.computeIfPresent(name, (same, row) -> row.heardAt(at))));
    }
}
