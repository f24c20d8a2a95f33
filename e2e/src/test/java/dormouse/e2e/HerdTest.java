package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.bench.Memory;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListLlmsResponse;
import dormouse.v1.Llm;
import dormouse.v1.LlmStatus;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Failure list 25: the server is killed, and all of its agents come back at once. Each keeps its session, its name, and its
 * row's age. {@code -Ddormouse.herd=N} for another number.
 */
@Tag("slow")
class HerdTest {
    private static final int AGENTS = Integer.getInteger("dormouse.herd", 10_000);
    private static final int CHANNELS = 20;
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    @TempDir
    Path directory;

    private final List<HerdMember> herd = new ArrayList<>();
    private final AtomicLong streams = new AtomicLong();
    private final AtomicLong givenUp = new AtomicLong();

    private double awaitAll(Predicate<HerdMember> state) {
        long start = System.nanoTime();
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> herd.stream().allMatch(state));
        return (System.nanoTime() - start) / 1e9;
    }

    private static Map<String, Llm> rows(ServerProcess server) {
        Map<String, Llm> rows = new HashMap<>();
        String page = "";
        do {
            ListLlmsResponse answer = server.llms()
                    .listLlms(ListLlmsRequest.newBuilder()
                            .setPageSize(1000)
                            .setPageToken(page)
                            .build());
            answer.getLlmsList().forEach(llm -> rows.put(llm.getSpec().getName(), llm));
            page = answer.getNextPageToken();
        } while (!page.isEmpty());
        return rows;
    }

    private static Memory memory(ServerProcess server) {
        return Memory.of(server.program().pid());
    }

    private static String said(String when, Memory memory) {
        return String.format(
                "%s %.0f MiB resident, %.0f MiB of live heap", when, memory.residentMib(), memory.liveHeapMib());
    }

    @Test
    void aServerThatWasKilledHasAllItsAgentsBack() throws Exception {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        try (ServerProcess server = ServerProcess.start(directory)) {
            List<ManagedChannel> channels = new ArrayList<>();
            for (int i = 0; i < CHANNELS; i++) {
                channels.add(server.newChannel());
            }
            Memory idle = memory(server);
            for (int i = 0; i < AGENTS; i++) {
                herd.add(new HerdMember(
                        "llm-" + i,
                        AgentServiceGrpc.newStub(channels.get(i % CHANNELS)),
                        timer,
                        new Random(i),
                        streams,
                        givenUp));
            }
            herd.forEach(HerdMember::connect);
            double first = awaitAll(HerdMember::registered);
            Map<String, Llm> before = rows(server);
            assertThat(before).hasSize(AGENTS);
            Memory attached = memory(server);

            server.program().kill();
            long opened = streams.get();
            server.startAgain();
            double back = awaitAll(HerdMember::resumed);

            Map<String, Llm> after = rows(server);
            assertThat(after.keySet()).isEqualTo(before.keySet());
            assertThat(after.values()).allSatisfy(llm -> {
                Llm old = before.get(llm.getSpec().getName());
                assertThat(llm.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
                assertThat(llm.getSessionId()).isEqualTo(old.getSessionId());
                assertThat(llm.getCreateTime()).isEqualTo(old.getCreateTime());
            });
            System.out.printf(
                    "%,d agents: registered in %.1f s; after kill -9 and a start all are back in %.1f s, with %,d streams"
                            + " opened for it; %,d were not answered within 10 s, before and after. The server: %s; %s; %s (%.1f KiB of heap each)%n",
                    AGENTS,
                    first,
                    back,
                    streams.get() - opened,
                    givenUp.get(),
                    said("idle", idle),
                    said("with all of them", attached),
                    said("when they are back", memory(server)),
                    (attached.liveHeapMib() - idle.liveHeapMib()) * 1024 / AGENTS);
            herd.forEach(HerdMember::leave);
            assertThat(server.program().log()).doesNotContain("OutOfMemoryError", "ERROR");
        } finally {
            timer.shutdownNow();
            assertThat(timer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
    }
}
