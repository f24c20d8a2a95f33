package dormouse.e2e;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** What happened in a chaos run: what its clients saw, when the server's process ended, and what the tables say at the end. */
final class ChaosHistory {
    private static final Set<String> AWAY = Set.of("LOST", "LEFT", "SILENT");

    private final Map<String, Integer> outcomes = new TreeMap<>();
    private final List<String> wrong = new CopyOnWriteArrayList<>();
    private volatile long serverEnded = Long.MIN_VALUE;
    private volatile boolean serverAway;
    private volatile boolean over;

    /** @param outcome as {@link ChaosClient} has it */
    synchronized void ended(String what, @Nullable String outcome) {
        if (ChaosClient.right(outcome)) {
            outcomes.merge(outcome == null ? "whole" : outcome, 1, Integer::sum);
        } else {
            outcomes.merge("WRONG", 1, Integer::sum);
            wrong.add(what + ": " + outcome);
        }
    }

    void serverEnds() {
        serverAway = true;
        serverEnded = System.nanoTime();
    }

    void serverIsBack() {
        serverEnded = System.nanoTime();
        serverAway = false;
    }

    boolean serverEndedSince(long nanos) {
        return serverAway || serverEnded - nanos >= 0;
    }

    boolean over() {
        return over;
    }

    void end() {
        over = true;
    }

    synchronized Map<String, Integer> outcomes() {
        return new TreeMap<>(outcomes);
    }

    List<String> wrong() {
        return wrong;
    }

    private record Row(String state, @Nullable String owner) {}

    /** What the tables say that can't have been; empty where all is well. */
    static List<String> check(Connection database) throws SQLException {
        List<String> wrong = new ArrayList<>();
        Map<String, Row> rows = new HashMap<>();
        Set<String> waking = new HashSet<>();
        try (Statement statement = database.createStatement();
                ResultSet events = statement.executeQuery(
                        "SELECT event_revision, event_type, name, state, owner_session FROM llm_event ORDER BY event_revision")) {
            while (events.next()) {
                String name = events.getString(3);
                String what = events.getLong(1) + " " + events.getString(2) + " " + name + " " + events.getString(4)
                        + " " + events.getString(5);
                Row before = rows.get(name);
                Row now = new Row(events.getString(4), events.getString(5));
                switch (events.getString(2)) {
                    case "REGISTERED" -> {
                        if (before != null) {
                            wrong.add(what + ": it was there already: " + before);
                        }
                    }
                    case "ADOPTED" -> {
                        if (before == null || !AWAY.contains(before.state())) {
                            wrong.add(what + ": its owner was not away: " + before);
                        }
                        waking.remove(name);
                    }
                    case "WAKE_STARTED" -> {
                        if (!waking.add(name)) {
                            wrong.add(what + ": woken while it was being woken");
                        }
                    }
                    case "WOKE", "WAKE_FAILED", "DEACTIVATED", "REACTIVATED", "BACKEND_UP" -> waking.remove(name);
                    default -> {}
                }
                if (before != null
                        && before.owner() != null
                        && !before.owner().equals(now.owner())
                        && !events.getString(2).equals("ADOPTED")) {
                    wrong.add(what + ": another owner without an adoption: " + before);
                }
                rows.put(name, now);
            }
        }
        try (Statement statement = database.createStatement();
                ResultSet llms = statement.executeQuery("SELECT name, state, owner_session FROM llm")) {
            while (llms.next()) {
                Row row = new Row(llms.getString(2), llms.getString(3));
                Row last = rows.remove(llms.getString(1));
                if (!row.equals(last)) {
                    wrong.add(llms.getString(1) + ": its row is " + row + ", its history ends with " + last);
                }
            }
        }
        rows.keySet().forEach(name -> wrong.add(name + ": it has a history, and no row"));
        return wrong;
    }
}
