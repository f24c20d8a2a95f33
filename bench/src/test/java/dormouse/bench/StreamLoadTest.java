package dormouse.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The client that is to find faults finds them. */
class StreamLoadTest {
    @Test
    void wholeStreamsHaveNoFaultAndWereOpenTogether() throws Exception {
        try (MockModel mock = MockModel.start();
                StreamLoad load = new StreamLoad(50)) {
            StreamLoad.Outcome outcome = load.run(mock.url(), List.of("mock"), new StreamLoad.Shape(50, 20, 5, 50), 60);
            assertThat(outcome.faults()).isEmpty();
            assertThat(outcome.frames()).isEqualTo(50 * 20);
            assertThat(mock.mostAtOnce()).isEqualTo(50);
        }
    }

    private static List<String> faults(String events) throws Exception {
        Vertx vertx = Vertx.vertx();
        HttpServer server = vertx.createHttpServer()
                .requestHandler(request -> request.response()
                        .putHeader("content-type", "text/event-stream")
                        .end(events));
        Waiting.on(server.listen(0, "127.0.0.1"));
        try (StreamLoad load = new StreamLoad(1)) {
            return load.run(
                            "http://127.0.0.1:" + server.actualPort() + "/v1",
                            List.of("mock"),
                            new StreamLoad.Shape(1, 2, 0, 0),
                            60)
                    .faults();
        } finally {
            Waiting.on(vertx.close());
        }
    }

    private static String events(String... frames) {
        return String.join("\n\n", frames) + "\n\n";
    }

    @Test
    void aFrameThatIsLostDoubledOrAnothersShows() throws Exception {
        String first = Frames.frame(0, 0);
        String second = Frames.frame(0, 1);
        assertThat(faults(events(": waking", first, second, Frames.DONE))).isEmpty();
        assertThat(faults(events(second, Frames.DONE))).hasSize(1);
        assertThat(faults(events(first, first, second, Frames.DONE))).hasSize(1);
        assertThat(faults(events(first, Frames.frame(1, 1), Frames.DONE))).hasSize(1);
        assertThat(faults(events(second, first, Frames.DONE))).hasSize(1);
        assertThat(faults(events(first, second))).hasSize(1);
        assertThat(faults(events(first, Frames.DONE))).hasSize(1);
        assertThat(faults(events(first, second, Frames.DONE, Frames.DONE))).hasSize(1);
    }
}
