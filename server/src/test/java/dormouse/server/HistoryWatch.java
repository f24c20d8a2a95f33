package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.LlmEvent;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/** A client that watches a {@link RandomHistory}, and comes back where it was cut off: it misses nothing and sees nothing twice. */
final class HistoryWatch {
    private static final Set<LlmEvent.Type> NO_CHANGE = EnumSet.of(
            LlmEvent.Type.TYPE_SNAPSHOT,
            LlmEvent.Type.TYPE_SNAPSHOT_END,
            LlmEvent.Type.TYPE_BOOKMARK,
            LlmEvent.Type.TYPE_LOAD);

    private final Harness server;
    private Probe<LlmEvent> probe;
    private long revision;

    HistoryWatch(Harness server) {
        this.server = server;
        this.probe = server.watch(0);
    }

    /** @param settled whether it can know what the database says */
    void check(boolean settled) {
        listen();
        if (!probe.open()) {
            probe = server.watch(revision);
            listen();
        }
        if (settled) {
            assertThat(revision)
                    .as("what a watcher has seen")
                    .isEqualTo(server.server().fleet().revision());
        }
    }

    void end() {
        probe.cancel();
        server.advance(Duration.ofSeconds(1)); // the watchers' own tick lets go of those that are gone
    }

    private void listen() {
        for (LlmEvent event : probe.take()) {
            if (!NO_CHANGE.contains(event.getType())) {
                assertThat(event.getRevision())
                        .as("the next that a watcher sees")
                        .isEqualTo(revision + 1);
            } else {
                assertThat(event.getRevision()).as("where a watcher is").isGreaterThanOrEqualTo(revision);
            }
            revision = event.getRevision();
        }
    }
}
