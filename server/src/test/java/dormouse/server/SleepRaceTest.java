package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import dormouse.agent.Agent;
import dormouse.agent.AgentConfig;
import dormouse.agent.BackendType;
import dormouse.agent.ChannelSource;
import dormouse.agent.LlmConfig;
import dormouse.agent.Recipe;
import dormouse.contract.Problems;
import dormouse.server.fleet.LlmName;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.ListLlmEventsResponse;
import dormouse.v1.Llm;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmServiceGrpc;
import dormouse.v1.SleepLlmRequest;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.vertx.core.Vertx;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Infers race the sleeps of their Llm: a real server, a real agent, real sockets, and a backend that knows what it must
 * never be asked for. Sleeps are paced by how many infers have ended. With {@code -Drace.seed=SEED} the paces are those of
 * an earlier run, though not the threads.
 */
class SleepRaceTest {
    private static final int CHAINS = 3;
    private static final int A_ROUND = 50;
    private static final String LLM = "qwen3";

    private final long seed = Long.getLong("race.seed", new SplittableRandom().nextLong());
    private final Random random = new Random(seed);
    private final InferChain infers = new InferChain(LLM);
    private int refused;

    @Test
    @Timeout(120)
    void aThousandInfersAndTwentySleepsNoneLost() throws Exception {
        race(20);
    }

    @Test
    @Tag("slow")
    @Timeout(600)
    void tenThousandInfersAndTwoHundredSleepsNoneLost() throws Exception {
        race(200);
    }

    private void race(int rounds) throws Exception {
        Vertx vertx = Vertx.vertx();
        try (RealServer server = RealServer.start();
                CheckingBackend backend = new CheckingBackend(seed);
                Agent agent = Agent.start(config(backend), environment(vertx, server.port()))) {
            LlmServiceGrpc.LlmServiceFutureStub llms = LlmServiceGrpc.newFutureStub(server.channel());
            Channel[] channels = new Channel[CHAINS];
            for (int i = 0; i < CHAINS; i++) {
                channels[i] = server.channel();
            }
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> server.server().fleet().find(new LlmName(LLM)) != null);
            long begun = System.nanoTime();
            for (int round = 1; round <= rounds; round++) {
                round(backend, llms, channels);
                assertThat(backend.sleeps()).as("sleeps after round " + round).isGreaterThanOrEqualTo(round);
            }
            System.out.println("race.seed=" + seed + " infers=" + infers.answered() + " sleeps=" + backend.sleeps()
                    + " wakes=" + backend.wakes() + " refused sleeps=" + refused + " infers that met a sleep="
                    + infers.sentTwice() + " millis="
                    + Duration.ofNanos(System.nanoTime() - begun).toMillis());

            assertThat(infers.lost()).as("lost, race.seed=" + seed).isEmpty();
            assertThat(infers.answered()).isEqualTo(rounds * A_ROUND);
            assertThat(backend.faults()).as("race.seed=" + seed).isEmpty();
            assertThat(backend.wakes()).isBetween(backend.sleeps() - 1, backend.sleeps());
            assertThat(server.server().relay().tasks()).isZero();
            history(server, backend);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    /** Some infers, and sleeps between them as they can be had: one at least, when they have all ended. */
    private void round(CheckingBackend backend, LlmServiceGrpc.LlmServiceFutureStub llms, Channel[] channels)
            throws InterruptedException {
        int slept = backend.sleeps();
        int last = infers.ended() + A_ROUND;
        boolean sleepFirst = random.nextBoolean();
        ListenableFuture<Llm> first = sleepFirst ? sleep(llms) : null;
        infers.start(A_ROUND, channels);
        asleep(first == null ? sleep(llms) : first);
        while (infers.ended() < last) {
            infers.await(Math.min(last, infers.ended() + 1 + random.nextInt(8)));
            asleep(sleep(llms));
        }
        if (backend.sleeps() == slept) {
            assertThat(asleep(sleep(llms))).as("an idle Llm is put to sleep").isTrue();
        }
    }

    private static ListenableFuture<Llm> sleep(LlmServiceGrpc.LlmServiceFutureStub llms) {
        return llms.sleepLlm(SleepLlmRequest.newBuilder().setName(LLM).build());
    }

    private boolean asleep(ListenableFuture<Llm> sleep) throws InterruptedException {
        try {
            sleep.get();
            return true;
        } catch (ExecutionException e) {
            assertThat(Problems.reason(e.getCause())).as(e.toString()).isEqualTo("SLEEP_REFUSED");
            refused++;
            return false;
        }
    }

    /** Each sleep and each wake is in the history once, in turn, and nothing else is. */
    private void history(RealServer server, CheckingBackend backend) {
        LlmServiceGrpc.LlmServiceBlockingStub llms = LlmServiceGrpc.newBlockingStub(server.channel());
        Map<LlmEvent.Type, Integer> counts = new EnumMap<>(LlmEvent.Type.class);
        List<LlmEvent.Type> turns = new ArrayList<>();
        String page = "";
        do {
            ListLlmEventsResponse events = llms.listLlmEvents(ListLlmEventsRequest.newBuilder()
                    .setName(LLM)
                    .setPageSize(1000)
                    .setPageToken(page)
                    .build());
            events.getEventsList().forEach(event -> {
                counts.merge(event.getType(), 1, Integer::sum);
                turns.add(event.getType());
            });
            page = events.getNextPageToken();
        } while (!page.isEmpty());
        assertThat(counts)
                .containsOnlyKeys(
                        LlmEvent.Type.TYPE_REGISTERED,
                        LlmEvent.Type.TYPE_SLEPT,
                        LlmEvent.Type.TYPE_WAKE_STARTED,
                        LlmEvent.Type.TYPE_WOKE)
                .containsEntry(LlmEvent.Type.TYPE_SLEPT, backend.sleeps())
                .containsEntry(LlmEvent.Type.TYPE_WAKE_STARTED, backend.wakes())
                .containsEntry(LlmEvent.Type.TYPE_WOKE, backend.wakes());
        for (int i = 1; i < turns.size(); i++) { // newest first
            assertThat(turns.get(i - 1))
                    .as("after " + turns.get(i))
                    .isEqualTo(
                            switch (turns.get(i)) {
                                case TYPE_REGISTERED, TYPE_WOKE -> LlmEvent.Type.TYPE_SLEPT;
                                case TYPE_SLEPT -> LlmEvent.Type.TYPE_WAKE_STARTED;
                                default -> LlmEvent.Type.TYPE_WOKE;
                            });
        }
    }

    private static AgentConfig config(CheckingBackend backend) {
        LlmConfig llm = new LlmConfig(
                LLM,
                backend.url("/v1"),
                LLM,
                BackendType.OPENAI,
                null,
                "",
                8,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(10)),
                new LlmConfig.Wake(post(backend.url("/wake")), Duration.ofSeconds(60)),
                new LlmConfig.Sleep(post(backend.url("/sleep")), Duration.ofSeconds(60), null),
                null);
        return new AgentConfig(List.of("unused"), null, null, "ana", Path.of("unused"), false, List.of(llm));
    }

    private static Recipe post(URI url) {
        return new Recipe.Http(url, "POST", Map.of(), "");
    }

    private static Agent.Environment environment(Vertx vertx, int port) {
        ChannelSource channels = new ChannelSource() {
            @Override
            public ManagedChannel open(Executor callbacks) {
                return NettyChannelBuilder.forAddress("127.0.0.1", port)
                        .usePlaintext()
                        .executor(callbacks)
                        .keepAliveTime(20, TimeUnit.SECONDS)
                        .build();
            }

            @Override
            public String describe() {
                return "127.0.0.1:" + port;
            }
        };
        return new Agent.Environment(vertx, channels, new SplittableRandom(1), Duration.ofHours(1));
    }
}
