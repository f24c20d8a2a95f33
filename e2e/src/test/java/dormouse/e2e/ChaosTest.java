package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random faults while clients infer: processes are killed, stopped and drained, streams cut and swallowed, the database and
 * the backends go away. Then everything is looked at: each answer, the history, and what is left behind. Another seed or
 * number by {@code -Dchaos.seed=N} and {@code -Dchaos.faults=N}; both are printed, with what happened.
 */
@Tag("slow")
class ChaosTest {
    private static final int CLIENTS = 10;
    private static final int FAULTS = Integer.getInteger("chaos.faults", 200);
    private static final long SEED = Long.getLong("chaos.seed", new Random().nextLong());
    private static final List<String> LLMS = List.of("steady", "sleepy", "both", "contested");

    @TempDir
    Path directory;

    @Test
    void whateverBreaksAnAnswerIsWholeOrHasAReasonAndAllHeals() throws Exception {
        System.out.println("chaos: seed " + SEED + ", " + FAULTS + " faults");
        Random random = new Random(SEED);
        ChaosAnswers answers = new ChaosAnswers();
        ChaosHistory history = new ChaosHistory();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try (ChaosDatabase database = new ChaosDatabase(directory);
                ServerProcess server = ServerProcess.start(
                        directory,
                        "database.url=" + database.url(),
                        "lifecycle.heartbeatInterval=1s",
                        "lifecycle.heartbeatTimeout=4s",
                        "lifecycle.sweepInterval=500ms",
                        "lifecycle.resumeGrace=3s");
                FakeBackend steady = FakeBackend.awake(answers::answer);
                FakeBackend sleepy = FakeBackend.asleep(answers::answer);
                FakeBackend other = FakeBackend.awake(answers::answer);
                Cable first = new Cable(server.address());
                Cable second = new Cable(server.address());
                Cable third = new Cable(server.address());
                AgentProcess ana = AgentProcess.start(
                        directory,
                        "ana",
                        first.address(),
                        steady.llm("steady", 4) + pooled(steady.llm("left", 2)) + steady.llm("contested", 4));
                AgentProcess bea = AgentProcess.start(
                        directory,
                        "bea",
                        second.address(),
                        sleepy.wakeableLlm("sleepy", 4) + pooled(other.llm("right", 2)));
                AgentProcess eve = AgentProcess.start(directory, "eve", third.address(), other.llm("contested", 4))) {
            awaitServing(server);
            long descriptors = descriptors(server);
            for (int i = 0; i < CLIENTS; i++) {
                clients.execute(new ChaosClient("c" + i, server.http(), LLMS, new Random(random.nextLong()), history));
            }
            ChaosFaults faults = new ChaosFaults(
                    server,
                    List.of(
                            new ChaosFaults.Publisher(ana, first),
                            new ChaosFaults.Publisher(bea, second),
                            new ChaosFaults.Publisher(eve, third)),
                    List.of(steady, other),
                    new ChaosFaults.Sleeper(bea, sleepy),
                    database,
                    history,
                    random);
            try {
                for (int i = 0; i < FAULTS; i++) {
                    faults.next();
                }
                awaitServing(server);
            } finally {
                history.end();
                clients.shutdown();
                boolean ended = clients.awaitTermination(180, TimeUnit.SECONDS);
                System.out.println("chaos: " + faults.done() + "; answers " + history.outcomes()
                        + "; backends were asked " + answers.asked() + " times");
                if (!ended || !history.wrong().isEmpty()) {
                    faults.log().forEach(System.out::println);
                }
                assertThat(ended).as("no client waits for ever").isTrue();
            }
            assertThat(history.wrong()).isEmpty();
            assertThat(history.outcomes().getOrDefault("whole", 0)).isPositive();
            try (Connection tables = database.connect()) {
                assertThat(ChaosHistory.check(tables)).isEmpty();
            }
            awaitNothingLeft(server, answers, descriptors);
        } finally {
            clients.shutdownNow();
        }
    }

    private static String pooled(String llm) {
        return llm + "  pool: both\n";
    }

    /** Everything is as it was before the faults: each Llm serves, or can be woken. */
    private static void awaitServing(ServerProcess server) {
        for (String llm : List.of("steady", "left", "right", "contested")) {
            server.awaitStatus(llm, "ACTIVE");
        }
        await().atMost(ServerProcess.PATIENCE)
                .until(() -> List.of("ACTIVE", "HIBERNATING").contains(server.status("sleepy")));
    }

    private static void awaitNothingLeft(ServerProcess server, ChaosAnswers answers, long descriptors) {
        await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
            String metrics = metrics(server);
            assertThat(metrics.lines()
                            .filter(line -> line.startsWith("dormouse_tasks_active ")
                                    || line.startsWith("dormouse_tasks_queued ")))
                    .as("tasks")
                    .isNotEmpty()
                    .allMatch(line -> line.endsWith(" 0.0"));
            assertThat(answers.open()).as("backends that still answer").isZero();
            assertThat(descriptors(server)).as("descriptors").isLessThanOrEqualTo(descriptors + 30);
        });
    }

    private static String metrics(ServerProcess server) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(server.http() + "/metrics"))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    private static long descriptors(ServerProcess server) throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/" + server.program().pid() + "/fd"))) {
            return files.count();
        }
    }
}
