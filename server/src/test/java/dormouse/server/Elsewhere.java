package dormouse.server;

import dormouse.server.fleet.Change;
import dormouse.server.fleet.Claimant;
import dormouse.server.fleet.Lifecycle;
import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEventType;
import dormouse.server.fleet.LlmKind;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.LlmSpec;
import dormouse.server.fleet.LlmState;
import dormouse.server.fleet.Offer;
import dormouse.server.fleet.SessionId;
import dormouse.server.fleet.Step;
import dormouse.server.fleet.Terms;
import dormouse.server.store.Database;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What others write into the same database, behind the back of the server that is tested. */
final class Elsewhere {
    private Elsewhere() {}

    /** An operator declares a PUBLIC Llm; the server sees it from its next start on. */
    static void declare(Harness server, String name) {
        Instant now = server.time().now();
        LlmSpec spec = new LlmSpec(name, "", 4, false, false, Map.of(), Duration.ofSeconds(60), "openai");
        Llm row = new Llm(
                new LlmName(name), LlmKind.PUBLIC, LlmState.ACTIVE, "", spec, null, now, now, null, null, null, 0);
        save(server, new Change(null, row, LlmEventType.REGISTERED, "declared"));
    }

    /** At another replica, an agent called {@code elsewhere} adopts a name. */
    static void adopt(Harness server, String name) {
        try (Database database = Database.open(server.database(), null, null)) {
            Llm row = database.llms().load().llms().stream()
                    .filter(llm -> llm.name().value().equals(name))
                    .findFirst()
                    .orElseThrow();
            Step.Save adopted = (Step.Save) Lifecycle.offer(
                    row,
                    new Offer(row.name(), row.spec(), true),
                    new Claimant(new SessionId("s-elsewhere"), "elsewhere", "", "other"),
                    Terms.DEFAULT,
                    server.time().now());
            save(server, adopted.change());
        }
    }

    private static void save(Harness server, Change change) {
        try (Database database = Database.open(server.database(), null, null)) {
            database.llms().commit(List.of(change), server.time().now());
        }
    }
}
