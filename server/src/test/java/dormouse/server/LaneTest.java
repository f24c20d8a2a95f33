package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.control.Lane;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class LaneTest {
    private final Queue<Runnable> thread = new ArrayDeque<>();
    private final Lane lane = new Lane(thread::add);
    private final List<String> done = new ArrayList<>();

    @Test
    void whatCanBeRefusedIsRefusedWhileTooMuchWaitsAndWhatMustHappenIsTaken() {
        assertThat(lane.offer(() -> done.add("first"), 2)).isTrue();
        assertThat(lane.offer(() -> done.add("second"), 2)).isTrue();
        assertThat(lane.offer(() -> done.add("too many"), 2)).isFalse();
        lane.run(() -> done.add("must"));

        thread.remove().run();

        assertThat(done).containsExactly("first", "second", "must");
        assertThat(lane.offer(() -> done.add("room again"), 2)).isTrue();
    }

    @Test
    void whatFailsDoesNotHoldUpWhatComesAfterNotEvenAnError() {
        try (HeardLog heard = new HeardLog()) {
            lane.run(() -> {
                throw new IllegalStateException("a bug");
            });
            lane.run(() -> {
                throw new StackOverflowError("too deep");
            });
            lane.run(() -> done.add("next"));
            thread.remove().run();
            assertThat(heard.text()).contains("a bug", "too deep");
        }
        lane.run(() -> done.add("later"));
        thread.remove().run();

        assertThat(done).containsExactly("next", "later");
    }
}
