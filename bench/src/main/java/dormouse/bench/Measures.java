package dormouse.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What is measured. Everything that has a ratio is taken in rounds, straight at the model server and through the door in
 * turn, so that what else the machine does meets both; figures are medians over the rounds.
 */
final class Measures {
    static final List<String> LLMS = List.of("mock", "mock-2");

    /** One of them. */
    interface Measure {
        void run(Measures measures) throws Exception;
    }

    static final Map<String, Measure> ALL = all();

    private final MockModel mock;
    private final Rig rig;
    private final boolean quick;

    Measures(MockModel mock, Rig rig, boolean quick) {
        this.mock = mock;
        this.rig = rig;
        this.quick = quick;
    }

    private static Map<String, Measure> all() {
        Map<String, Measure> all = new LinkedHashMap<>(); // memory first, while the processes are idle and new
        all.put("memory", Measures::memory);
        all.put("latency", Measures::latency);
        all.put("throughput", Measures::throughput);
        all.put("tokens", Measures::tokens);
        all.put("streams", Measures::streams);
        return all;
    }

    private static void say(String format, Object... arguments) {
        System.out.printf(format + "%n", arguments);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private void memory() {
        say("memory, idle: one agent with two Llms, no task yet");
        say("  server  %s", rig.serverMemory());
        say("  agent   %s", rig.agentMemory());
    }

    /** Rounds of the same requests, straight and through the door. */
    private final class Rounds implements AutoCloseable {
        private final RequestLoad straightClient;
        private final RequestLoad doorClient;
        private final List<RequestLoad.Outcome> straight = new ArrayList<>();
        private final List<RequestLoad.Outcome> door = new ArrayList<>();

        Rounds(int connections, int rounds, int warmUp, int requests) {
            straightClient = new RequestLoad(connections);
            doorClient = new RequestLoad(connections);
            straightClient.run(mock.url(), "mock", warmUp);
            doorClient.run(rig.url(), "mock", warmUp);
            for (int i = 0; i < rounds; i++) {
                straight.add(straightClient.run(mock.url(), "mock", requests));
                door.add(doorClient.run(rig.url(), "mock", requests));
            }
        }

        private static double medianOf(List<RequestLoad.Outcome> rounds, ToDoubleFunction<RequestLoad.Outcome> figure) {
            return median(rounds.stream().mapToDouble(figure).toArray());
        }

        void latency(String name, double share) {
            double before = medianOf(straight, outcome -> outcome.quantile(share));
            double through = medianOf(door, outcome -> outcome.quantile(share));
            say(
                    "  %-5s straight %8.0f µs   through the door %8.0f µs   added %8.0f µs   x%.1f",
                    name, before, through, through - before, through / before);
        }

        void rate() {
            double before = medianOf(straight, RequestLoad.Outcome::perSecond);
            double through = medianOf(door, RequestLoad.Outcome::perSecond);
            say("  rate  straight %8.0f /s   through the door %8.0f /s   x%.2f", before, through, through / before);
        }

        @Override
        public void close() throws Exception {
            straightClient.close();
            doorClient.close();
        }
    }

    private void latency() throws Exception {
        int requests = quick ? 50 : 3_000;
        say("latency: POST /v1/chat/completions, 1 connection, an answer of 250 bytes; server and agent in between,");
        say("  against the same client straight at the model server; 7 rounds of %,d requests each, in turn", requests);
        try (Rounds rounds = new Rounds(1, quick ? 1 : 7, quick ? 50 : 20_000, requests)) {
            rounds.latency("p50", 0.5);
            rounds.latency("p99", 0.99);
            rounds.rate();
        }
    }

    private void throughput() throws Exception {
        for (int connections : new int[] {32, 64}) {
            int requests = quick ? 320 : 20_000;
            say("throughput: the same request on %d connections, 5 rounds of %,d, in turn", connections, requests);
            try (Rounds rounds = new Rounds(connections, quick ? 1 : 5, quick ? 64 : 20_000, requests)) {
                rounds.rate();
                rounds.latency("p50", 0.5);
                rounds.latency("p99", 0.99);
            }
        }
    }

    private void tokens() throws Exception {
        for (int streams : new int[] {1, 32}) {
            int frames = (quick ? 200 : 100_000) / streams;
            say("tokens: %d streams at once, %,d frames each as fast as they go, each frame checked;", streams, frames);
            say("  5 rounds straight at the model server and through the door, in turn");
            StreamLoad.Shape shape = new StreamLoad.Shape(streams, frames, 0, 0);
            double[] straight = new double[quick ? 1 : 5];
            double[] door = new double[straight.length];
            try (StreamLoad client = new StreamLoad(streams)) {
                client.run(rig.url(), List.of("mock"), shape, 300); // warms up
                for (int i = 0; i < straight.length; i++) {
                    straight[i] = whole(client.run(mock.url(), List.of("mock"), shape, 300))
                            .framesPerSecond();
                    door[i] = whole(client.run(rig.url(), List.of("mock"), shape, 300))
                            .framesPerSecond();
                }
            }
            say(
                    "  straight %,9.0f frames/s   through the door %,9.0f frames/s   x%.2f",
                    median(straight), median(door), median(door) / median(straight));
        }
    }

    private void streams() throws Exception {
        int streams = quick ? 20 : 2_000;
        StreamLoad.Shape shape = new StreamLoad.Shape(streams, quick ? 5 : 40, 500, streams);
        say(
                "streams: %,d at once through one server and one agent, %d frames each, one every %d ms, each checked",
                streams, shape.frames(), shape.everyMillis());
        try (StreamLoad client = new StreamLoad(streams)) {
            StreamLoad.Outcome outcome = whole(client.run(rig.url(), LLMS, shape, 600));
            say(
                    "  %,d frames in %.1f s (%,.0f /s; the pace asks for %,.0f /s), none lost, doubled or out of order; %,d open at once",
                    outcome.frames(),
                    outcome.seconds(),
                    outcome.framesPerSecond(),
                    streams * 1000.0 / shape.everyMillis(),
                    mock.mostAtOnce());
            say(
                    "  slowest first frame after %.0f ms, all of them having come at the same moment",
                    outcome.slowestFirstFrameMillis());
        }
        say("  server  %s", rig.serverMemory());
        say("  agent   %s", rig.agentMemory());
    }

    private static StreamLoad.Outcome whole(StreamLoad.Outcome outcome) {
        if (!outcome.faults().isEmpty()) {
            throw new IllegalStateException(outcome.faults().size() + " streams were not whole; "
                    + outcome.faults().get(0));
        }
        return outcome;
    }
}
