package dormouse.server.store;

import static dormouse.server.store.Rows.NOW;
import static dormouse.server.store.Rows.events;
import static dormouse.server.store.Rows.llm;
import static dormouse.server.store.Rows.register;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.LlmStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlmStoreTest {
    @Test
    void what_is_committed_is_loaded(@TempDir Path dir) {
        try (Database database = Database.open("jdbc:h2:file:" + dir.resolve("deep/er/dormouse"), "sa", "")) {
            database.migrate();
            LlmStore store = database.llms();
            var events = events(store, register(llm("a")), register(llm("b")));
            assertThat(store.load().llms())
                    .isEqualTo(events.stream().map(e -> e.llm()).toList());
            assertThat(store.load().revision()).isEqualTo(2);
            assertThat(store.eventsAfter(0, null, 10)).isEqualTo(events);
            store.compact(NOW);
            assertThat(store.compactedRevision()).isEqualTo(0);
            store.compact(NOW.plusSeconds(1));
            assertThat(store.compactedRevision()).isEqualTo(2);
        }
    }
}
