package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmStore;
import dormouse.server.store.Database;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmEvent.Type;
import java.time.Duration;
import java.util.List;

/** What a server shows, against what its database says, when faults are over. */
final class ShownAndSaved {
    private ShownAndSaved() {}

    /** The kinds of what has happened to an Llm, newest first. */
    static List<Type> history(Harness server, String llm) {
        return server
                .llms()
                .listLlmEvents(ListLlmEventsRequest.newBuilder().setName(llm).build())
                .getEventsList()
                .stream()
                .map(LlmEvent::getType)
                .toList();
    }

    /** Ends the faults, and the server: what was shown is what is on disk, whatever went wrong. */
    static void compareAndClose(Harness server) {
        server.stores().back();
        server.advance(Duration.ofSeconds(20));
        LlmStore.Snapshot truth;
        try (Database database = Database.open(server.database(), null, null)) {
            truth = database.llms().load();
        }
        assertThat(server.server().fleet().all().stream().map(Llm::stored)).containsExactlyElementsOf(truth.llms());
        assertThat(server.server().fleet().revision()).isEqualTo(truth.revision());
        server.close();
    }
}
