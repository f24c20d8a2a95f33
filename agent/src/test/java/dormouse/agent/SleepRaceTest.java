package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.ScriptedServer.Peer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.InferEnd;
import dormouse.v1.ServerMessage;
import dormouse.v1.Sleep;
import dormouse.v1.Wake;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks, idle sleeps, sleeps by hand and wakes in any order: whatever it is, nothing sleeps under a task, and none is lost. */
class SleepRaceTest {
    private static final Recipe BOOT = new Recipe.Command("boot", List.of());
    private static final Recipe REST = new Recipe.Command("rest", List.of());
    private static final Duration IDLE = Duration.ofMinutes(5);

    private record Run(Recipe recipe, CompletableFuture<@Nullable Void> end) {}

    private final ManualLoop loop = new ManualLoop();
    private final ScriptedServer server = new ScriptedServer();
    private final List<Run> runs = new ArrayList<>();
    private final List<Backend.Listener> open = new ArrayList<>();
    private final Map<String, InferEnd> ended = new HashMap<>();
    private int slept;
    private boolean asleep;
    private Link link = link();
    private final Hosts hosts = new Hosts(llm -> new LlmHost(
            llm,
            new LlmHost.Surroundings(
                    loop,
                    asked -> CompletableFuture.completedFuture(Availability.yes("told so")),
                    this::run,
                    Duration.ofSeconds(15),
                    Clock.systemUTC(),
                    () -> link.statusChanged())));

    private Link link() {
        return new Link(
                new AgentParts(loop, Runnable::run, this::post, hosts(), new BodyBudget(), server, new Errands()),
                new Link.Identity("desk", "instance-1", null),
                new SessionKeeper(SessionStore.inMemory(), null, Runnable::run),
                new Random(1));
    }

    private Hosts hosts() {
        return hosts;
    }

    @AfterEach
    void close() {
        server.close();
    }

    private CompletableFuture<@Nullable Void> run(Recipe recipe, Duration limit) {
        if (recipe.equals(REST)) {
            assertThat(open).as("a backend with tasks is never put to sleep").isEmpty();
            assertThat(runs).as("one recipe at a time").isEmpty();
            asleep = true;
            slept++;
        }
        Run run = new Run(recipe, new CompletableFuture<>());
        runs.add(run);
        return run.end();
    }

    private void endRecipe(boolean well) {
        Run run = runs.remove(0);
        if (well == run.recipe().equals(BOOT)) {
            asleep = false; // woken; or never fallen asleep
        }
        if (well) {
            run.end().complete(null);
        } else {
            run.end()
                    .completeExceptionally(
                            new RecipeFailed("its command ended with exit code 1", "command ended with exit code 1"));
        }
        loop.run();
    }

    private Backend.Exchange post(Backend.Call call, Backend.Listener listener) {
        assertThat(asleep).as("a backend that sleeps is asked nothing").isFalse();
        open.add(listener);
        return new Backend.Exchange() {
            @Override
            public void more() {}

            @Override
            public void close() {
                open.remove(listener);
            }
        };
    }

    private void infer(Peer peer, String task) {
        AgentHarness.ask(peer, task, "qwen", "{}");
        loop.run();
        hear(peer);
    }

    private void hear(Peer peer) {
        loop.run();
        for (AgentMessage message = peer.received.poll(); message != null; message = peer.received.poll()) {
            if (message.hasInferEnd()) {
                ended.put(message.getInferEnd().getTaskId(), message.getInferEnd());
            }
        }
    }

    private void endTask(Random random, Peer peer) {
        Backend.Listener listener = open.get(random.nextInt(open.size()));
        listener.head(200, "text/plain", Map.of());
        listener.end();
        hear(peer);
    }

    private boolean wasAwake(String task) {
        InferEnd end = ended.get(task);
        return end == null || !Problems.reason(end.getError()).equals("NOT_AWAKE");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void nothing_sleeps_under_a_task_and_no_task_is_lost(long seed) {
        Random random = new Random(seed);
        var unused = hosts.publish(List.of(new LlmConfig(
                "qwen",
                URI.create("http://x/v1"),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(2)),
                new LlmConfig.Wake(BOOT, Duration.ofDays(1)),
                new LlmConfig.Sleep(REST, Duration.ofDays(1), IDLE),
                null)));
        link = link();
        link.start();
        loop.run();
        Peer peer = server.accept();
        int tasks = 0;
        for (int step = 0; step < 2_000; step++) {
            switch (random.nextInt(6)) {
                case 0 -> {
                    String task = "t" + tasks++;
                    infer(peer, task);
                    if (!wasAwake(task)) { // as the server does
                        peer.send(ServerMessage.newBuilder()
                                .setWake(Wake.newBuilder().setTaskId("w" + step).setLlm("qwen")));
                    }
                }
                case 1 -> {
                    if (!open.isEmpty()) {
                        endTask(random, peer);
                    }
                }
                case 2 -> {
                    if (!runs.isEmpty()) {
                        endRecipe(random.nextInt(4) > 0);
                    }
                }
                case 3 ->
                    peer.send(ServerMessage.newBuilder()
                            .setSleep(Sleep.newBuilder().setTaskId("s" + step).setLlm("qwen")));
                default -> loop.advance(Duration.ofSeconds(random.nextInt(200)));
            }
            hear(peer);
        }

        while (!open.isEmpty()) {
            endTask(random, peer);
        }
        for (int i = 0; i < 3; i++) {
            while (!runs.isEmpty()) {
                endRecipe(true);
            }
            peer.send(ServerMessage.newBuilder()
                    .setWake(Wake.newBuilder().setTaskId("last" + i).setLlm("qwen")));
            hear(peer);
        }
        infer(peer, "last");
        endTask(random, peer);
        assertThat(ended.get("last").hasError()).isFalse();
        assertThat(ended).as("each task has its end").hasSize(tasks + 1);
        assertThat(slept).as("it did sleep now and then").isGreaterThan(10);
    }
}
