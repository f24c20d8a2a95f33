package dormouse.server.store;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.LlmStatus;
import dormouse.server.fleet.LlmStore;
import dormouse.server.fleet.Owner;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.SessionStore.Session;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows to save, and the changes that save them. */
final class Rows {
    static final Instant NOW = Instant.parse("2026-11-01T12:00:00.123456Z");
    static final LlmSpec SPEC = new LlmSpec(
            "qwen3:8b", "qwen3", 4, true, false, Map.of("gpu", "rtx4090"), Duration.ofMillis(61_500), "ollama");

    private Rows() {}

    static Llm llm(String name) {
        return llm(name, "session-1");
    }

    static Llm llm(String name, String session) {
        return llm(name, session, LlmState.ACTIVE, 0);
    }

    static Llm llm(String name, String session, LlmState state, long revision) {
        return new Llm(
                new LlmName(name),
                LlmKind.VIRTUAL,
                state,
                "",
                SPEC,
                new Owner(new SessionId(session), "ana-desk", "", 1, "replica-1"),
                NOW,
                NOW,
                NOW,
                state.status() == LlmStatus.INACTIVE ? NOW : null,
                state == LlmState.SILENT ? LlmState.ACTIVE : null,
                revision);
    }

    /** The same row in another state. */
    static Llm in(LlmState state, Llm row) {
        Owner owner = row.owner();
        return llm(row.name().value(), owner == null ? "" : owner.session().value(), state, row.revision());
    }

    static Session session(String id) {
        return new Session(new SessionId(id), "ab".repeat(32), 1, "ana-desk", "1.0", "dmt:ana", "instance-1", NOW, NOW);
    }

    static Change register(Llm after) {
        return new Change(null, after, LlmEventType.REGISTERED, "registered");
    }

    static Change update(Llm before, Llm after) {
        return new Change(before, after, LlmEventType.UPDATED, "updated");
    }

    static Change delete(Llm before) {
        return new Change(before, null, LlmEventType.DELETED, "deleted");
    }

    /** Saves one change, and gives the row as the store has it. */
    static Llm save(LlmStore store, Change change) {
        return events(store, change).get(0).llm();
    }

    static List<LlmEvent> events(LlmStore store, Change... changes) {
        return store.commit(List.of(changes), NOW);
    }

    static @Nullable Llm find(LlmStore store, String name) {
        return store.load().llms().stream()
                .filter(llm -> llm.name().value().equals(name))
                .findAny()
                .orElse(null);
    }
}
