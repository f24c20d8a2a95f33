package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.Sighting.Find;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What appears and disappears on two ports, on a clock that the test moves. */
class DiscoveryTest {
    private static final Duration LOOK = Duration.ofSeconds(10);
    private static final Sighting NOTHING = new Sighting.Nothing();

    private final ManualLoop loop = new ManualLoop();
    private final Map<Integer, Sighting> there = new HashMap<>(Map.of(1, NOTHING, 2, NOTHING));
    private final Map<Integer, Integer> looks = new HashMap<>();
    private final List<List<String>> told = new ArrayList<>();
    private final Discovery discovery = new Discovery(
            loop,
            List.of(1, 2),
            LOOK,
            port -> {
                looks.merge(port, 1, Integer::sum);
                return CompletableFuture.completedFuture(there.get(port));
            },
            finds -> told.add(finds.stream().map(Find::model).toList()));

    private static Sighting server(int port, String... models) {
        return new Sighting.Server(Stream.of(models)
                .map(model -> new Find(port, BackendType.OLLAMA, model, true, true))
                .toList());
    }

    private void start() {
        assertThat(discovery.start()).isCompleted();
        told.clear();
    }

    @Test
    void what_is_there_at_the_start_is_told_once_and_together() {
        there.put(1, server(1, "a", "b"));
        there.put(2, server(2, "c"));

        assertThat(discovery.start()).isCompleted();
        loop.advance(Duration.ofMinutes(5));

        assertThat(told).containsExactly(List.of("a", "b", "c"));
        assertThat(looks).containsEntry(1, 31).containsEntry(2, 31);
    }

    @Test
    void what_appears_is_told_at_the_next_look() {
        start();
        there.put(2, server(2, "c"));
        loop.advance(LOOK);
        there.put(1, server(1, "a"));
        loop.advance(LOOK);
        assertThat(told).containsExactly(List.of("c"), List.of("a", "c"));
    }

    @Test
    void a_server_that_is_away_for_two_looks_makes_nothing_flap() {
        there.put(1, server(1, "a"));
        start();
        for (int i = 0; i < 10; i++) {
            there.put(1, NOTHING);
            loop.advance(LOOK.multipliedBy(2));
            there.put(1, server(1, "a"));
            loop.advance(LOOK);
        }
        assertThat(told).isEmpty();
    }

    @Test
    void a_server_that_is_away_for_three_looks_is_gone_and_published_again_when_it_is_back() {
        there.put(1, server(1, "a"));
        start();
        there.put(1, NOTHING);
        loop.advance(LOOK.multipliedBy(3).minusMillis(1));
        assertThat(told).isEmpty();
        loop.advance(Duration.ofMillis(1));
        assertThat(told).containsExactly(List.of());

        loop.advance(LOOK.multipliedBy(30));
        there.put(1, server(1, "a"));
        loop.advance(LOOK);
        assertThat(told).containsExactly(List.of(), List.of("a"));
    }

    @Test
    void a_model_that_its_server_no_longer_has_is_gone_at_once() {
        there.put(1, server(1, "a", "b"));
        start();
        there.put(1, server(1, "b"));
        loop.advance(LOOK);
        there.put(1, server(1));
        loop.advance(LOOK);
        assertThat(told).containsExactly(List.of("b"), List.of());
    }

    @Test
    void another_server_on_the_port_takes_the_place_of_the_first() {
        there.put(1, server(1, "a"));
        start();
        there.put(1, new Sighting.Stranger("it has no list of models"));
        loop.advance(LOOK.multipliedBy(3));
        assertThat(told).containsExactly(List.of());
    }

    @Test
    void a_stranger_is_asked_only_once_a_minute() {
        there.put(1, new Sighting.Stranger("it has no list of models"));
        start();
        loop.advance(Duration.ofMinutes(10));
        assertThat(looks).containsEntry(1, 11).containsEntry(2, 61);

        there.put(1, server(1, "a"));
        loop.advance(Duration.ofMinutes(1));
        assertThat(told).containsExactly(List.of("a"));
    }

    @Test
    void there_is_one_look_at_a_time_however_long_it_takes() {
        List<CompletableFuture<Sighting>> open = new ArrayList<>();
        Discovery slow = new Discovery(
                loop,
                List.of(1),
                LOOK,
                port -> {
                    open.add(new CompletableFuture<>());
                    return open.get(open.size() - 1);
                },
                finds -> told.add(finds.stream().map(Find::model).toList()));
        CompletableFuture<Void> started = slow.start();
        loop.advance(Duration.ofMinutes(1));
        assertThat(open).hasSize(1);
        assertThat(started).isNotDone();

        open.get(0).complete(NOTHING);
        assertThat(started).isCompleted();
        loop.advance(Duration.ofMinutes(1));
        assertThat(open).hasSize(2);
        open.get(1).complete(server(1, "a"));
        assertThat(told).containsExactly(List.of(), List.of("a"));
    }

    @Test
    void when_stopped_it_looks_no_more() {
        start();
        discovery.stop();
        there.put(1, server(1, "a"));
        loop.advance(Duration.ofMinutes(1));
        assertThat(told).isEmpty();
        assertThat(looks).containsEntry(1, 1);
    }
}
