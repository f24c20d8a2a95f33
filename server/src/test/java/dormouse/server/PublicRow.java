package dormouse.server;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.LlmState;
import dormouse.server.store.Database;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A PUBLIC Llm in the table, as an operator's declaration leaves it there. */
final class PublicRow {
    private PublicRow() {}

    /** The server sees it from its next start on. */
    static void put(Harness server, String name) {
        Instant now = server.time().now();
        Llm row = new Llm(
                new LlmName(name),
                LlmKind.PUBLIC,
                LlmState.ACTIVE,
                "declared by the operator",
                new LlmSpec(name, "", 4, false, false, Map.of(), Duration.ofSeconds(60), "openai"),
                null,
                now,
                now,
                null,
                null,
                null,
                0);
        try (Database database = Database.open(server.database(), null, null)) {
            database.llms().commit(List.of(new Change(null, row, LlmEventType.REGISTERED, "declared")), now);
        }
    }
}
