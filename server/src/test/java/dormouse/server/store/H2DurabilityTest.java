package dormouse.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.Llm;
import dormouse.server.fleet.LlmEvent;
import dormouse.server.fleet.LlmStore;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Acknowledged means on disk: what a server said that it has saved is there after it was killed. */
class H2DurabilityTest {
    private static final int ROUNDS = 3;

    @Test
    void what_a_killed_process_has_acknowledged_is_there_and_nothing_is_half_there(@TempDir Path directory)
            throws Exception {
        String url = "jdbc:h2:file:" + directory.resolve("dormouse");
        Map<Long, String> acknowledged = new HashMap<>();
        for (int round = 1; round <= ROUNDS; round++) {
            killAmid(url, "run-" + round, 150 * round, acknowledged);
            try (Database database = Engine.H2_FILE.open(url)) {
                LlmStore.Snapshot found = database.llms().load();
                List<LlmEvent> history = database.llms().eventsAfter(0, null, Integer.MAX_VALUE);
                assertThat(history)
                        .extracting(LlmEvent::revision)
                        .containsExactlyElementsOf(LongStream.rangeClosed(1, found.revision())
                                .boxed()
                                .toList());
                assertThat(history).extracting(LlmEvent::llm).containsExactlyInAnyOrderElementsOf(found.llms());
                // Two in each commit.
                assertThat(found.revision() % 2).isZero();
                Map<Long, String> names = new HashMap<>();
                for (Llm llm : found.llms()) {
                    names.put(llm.revision(), llm.name().value());
                }
                assertThat(names).containsAllEntriesOf(acknowledged);
            }
        }
        System.out.println(
                "after " + ROUNDS + " kills all of " + acknowledged.size() + " acknowledged rows were there");
    }

    /** H2 begins to reuse the space of its file when that is older than 45 s; see RATIONALE.md. */
    @Test
    @Tag("slow")
    void what_it_has_acknowledged_after_more_than_a_minute_is_there_too(@TempDir Path directory) throws Exception {
        String url = "jdbc:h2:file:" + directory.resolve("dormouse");
        Process process = CommitLoop.start(url, "long", 50);
        Map<Long, String> acknowledged = new HashMap<>();
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(75);
        try (BufferedReader output = process.inputReader()) {
            while (System.nanoTime() < until) {
                note(output.readLine(), acknowledged);
            }
            process.toHandle().destroyForcibly();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        try (Database database = Engine.H2_FILE.open(url)) {
            assertThat(database.llms().load().llms())
                    .extracting(llm -> llm.name().value())
                    .containsAll(acknowledged.values());
        }
        System.out.println("after 75 s all of " + acknowledged.size() + " acknowledged rows were there");
    }

    private static void killAmid(String url, String run, int lines, Map<Long, String> acknowledged) throws Exception {
        Process process = CommitLoop.start(url, run, 0);
        try (BufferedReader output = process.inputReader()) {
            for (int i = 0; i < lines; i++) {
                note(output.readLine(), acknowledged);
            }
            process.toHandle().destroyForcibly();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            // What it said before it died, and nobody had read: whole lines alone, the last may be cut.
            String rest = String.join("\n", output.lines().toList());
            rest.lines().limit(Math.max(0, rest.lines().count() - 1)).forEach(line -> note(line, acknowledged));
        } finally {
            process.destroyForcibly();
        }
    }

    private static void note(String line, Map<Long, String> acknowledged) {
        String[] words = line.split(" ");
        acknowledged.put(Long.valueOf(words[0]), words[1]);
    }
}
