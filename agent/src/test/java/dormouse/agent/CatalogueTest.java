package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.Sighting.Find;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the file lists and what is found, together. */
class CatalogueTest {
    private static final Duration LOOK = Duration.ofSeconds(10);

    private final ManualLoop loop = new ManualLoop();
    private final Map<Integer, CompletableFuture<Sighting>> answers =
            new HashMap<>(Map.of(1, CompletableFuture.completedFuture(server(1, "a")), 2, new CompletableFuture<>()));
    private int changes;
    private final Catalogue catalogue =
            new Catalogue(changed -> new Discovery(loop, List.of(1, 2), LOOK, answers::get, changed), () -> changes++);

    private static Sighting server(int port, String model) {
        return new Sighting.Server(List.of(new Find(port, BackendType.OLLAMA, model, true, true)));
    }

    private List<String> names() {
        return catalogue.llms().stream().map(LlmConfig::name).toList();
    }

    private static List<LlmConfig> file(String... names) {
        return List.of(names).stream()
                .map(name -> LlmConfig.of(name, URI.create("http://x/v1")))
                .toList();
    }

    @Test
    void the_first_registration_waits_until_each_port_has_been_looked_at() {
        CompletableFuture<Void> ready = catalogue.list(file("z"), true);
        loop.advance(LOOK.multipliedBy(3));
        assertThat(ready).isNotDone();

        answers.get(2).complete(server(2, "b"));

        assertThat(ready).isCompleted();
        assertThat(names()).containsExactly("z", "a", "b");
        assertThat(changes).isZero();
    }

    @Test
    void what_changes_later_is_said() {
        answers.get(2).complete(new Sighting.Nothing());
        var unused = catalogue.list(List.of(), true);
        answers.put(2, CompletableFuture.completedFuture(server(2, "b")));
        loop.advance(LOOK);

        assertThat(changes).isEqualTo(1);
        assertThat(names()).containsExactly("a", "b");
    }

    @Test
    void a_file_that_no_longer_wants_it_ends_the_discovery_and_one_that_does_begins_it() {
        answers.get(2).complete(new Sighting.Nothing());
        assertThat(catalogue.list(file("z"), false)).isCompleted();
        assertThat(names()).containsExactly("z");

        assertThat(catalogue.list(file("z"), true)).isCompleted();
        assertThat(names()).containsExactly("z", "a");

        assertThat(catalogue.list(file("y"), false)).isCompleted();
        answers.put(1, CompletableFuture.completedFuture(server(1, "c")));
        loop.advance(LOOK.multipliedBy(5));
        assertThat(names()).containsExactly("y");
        assertThat(changes).isZero();
    }

    @Test
    void what_the_file_lists_anew_is_no_longer_found() {
        answers.get(2).complete(server(2, "b"));
        var unused = catalogue.list(List.of(), true);
        unused = catalogue.list(List.of(LlmConfig.of("b", URI.create("http://localhost:2/v1"))), true);
        assertThat(names()).containsExactly("b", "a");
    }
}
