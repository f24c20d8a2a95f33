package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import io.grpc.ManagedChannel;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Failure list 28: a hundred thousand tasks on real sockets while agents come and go, Llms fall asleep, clients leave at any
 * moment and some never read. Then every map is empty, and memory and open files are where they were after the first tenth.
 * {@code -Ddormouse.soak=N} for another number.
 */
@Tag("slow")
class SoakTest {
    private static final int TASKS = Integer.getInteger("dormouse.soak", 100_000);
    private static final int CLIENTS = 6;
    private static final int AT_A_TIME = 16;
    private static final int LLMS = 6;
    /** What heap and files may be above what they were: noise of a JVM that goes on compiling. */
    private static final long HEAP_NOISE = 12L << 20;

    private static final int FILES_NOISE = 25;

    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final Map<String, AtomicInteger> ends = new ConcurrentHashMap<>();
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final List<PacedAgent> agents = new ArrayList<>();

    private static String llm(int i) {
        return "llm-" + i;
    }

    /** Every second one can be woken. */
    private static LlmOffer offer(int i, LlmStatus status) {
        return ScriptedAgent.offer(
                LlmSpec.newBuilder().setName(llm(i)).setConcurrency(8).setWakeable(i % 2 == 0), status);
    }

    private static long liveHeap() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    private static int files() {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? 0 : open.length;
    }

    private void work(ManagedChannel channel, Random random, int until) {
        try {
            while (begun.get() < until) {
                List<CheckingClient> batch = new ArrayList<>();
                List<Integer> sizes = new ArrayList<>();
                for (int i = 0; i < AT_A_TIME; i++) {
                    begun.incrementAndGet();
                    int size = random.nextInt(20) == 0 ? random.nextInt(200_000) : random.nextInt(2_000);
                    int fate = random.nextInt(30);
                    int messages = fate == 0 ? random.nextInt(2) : Integer.MAX_VALUE;
                    long leaveAfter = fate == 1 ? random.nextInt(size + 1) : Long.MAX_VALUE;
                    CheckingClient client =
                            new CheckingClient(channel, llm(random.nextInt(LLMS)), size, messages, leaveAfter);
                    if (fate == 2) {
                        client.leave();
                    }
                    batch.add(client);
                    sizes.add(size);
                }
                for (int i = 0; i < AT_A_TIME; i++) {
                    check(batch.get(i), sizes.get(i));
                }
            }
        } catch (InterruptedException | RuntimeException e) {
            faults.add(e.toString());
        }
    }

    private void check(CheckingClient client, int size) throws InterruptedException {
        if (client.takesNoMore()) {
            client.leave();
        }
        if (!client.await()) {
            faults.add("a client was never told of its end");
            return;
        }
        bytes.addAndGet(client.received());
        String end = client.completed() ? "ok" : client.reason().isEmpty() ? "left" : client.reason();
        ends.computeIfAbsent(end, any -> new AtomicInteger()).incrementAndGet();
        if (client.wrong() || (client.completed() && client.received() != size)) {
            faults.add("wrong bytes");
        }
        if (end.equals("INTERNAL") || end.endsWith("TIMEOUT")) {
            faults.add(end + ": " + client.error());
        }
    }

    /** Runs clients and the churn until so many tasks have begun, and all of them have ended. */
    private void soak(RealServer server, int until) throws InterruptedException {
        List<ManagedChannel> channels = new ArrayList<>();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            ManagedChannel channel = server.channel();
            channels.add(channel);
            Random random = new Random(until + i);
            Thread client = new Thread(() -> work(channel, random, until), "client-" + i);
            client.start();
            clients.add(client);
        }
        Random random = new Random(until);
        for (int turn = 1; clients.stream().anyMatch(Thread::isAlive); turn++) {
            int which = random.nextInt(LLMS);
            PacedAgent agent = agents.get(which);
            if (which % 2 == 0) {
                agent.heartbeat(llm(which), LlmStatus.LLM_STATUS_HIBERNATING);
            } else if (turn % 10 == 0) { // is lost, and its machine comes back as another session
                agent.cut();
                agent.connect(channels.get(which % CLIENTS), offer(which, LlmStatus.LLM_STATUS_ACTIVE));
                await().atMost(Duration.ofSeconds(60)).until(agent::registered);
            }
            for (int i = 0; i < 20; i++) {
                agents.get(0).quietHeartbeat(); // lets the clients go on between two strokes of fate
            }
        }
        agents.forEach(PacedAgent::cut);
        channels.forEach(ManagedChannel::shutdown);
        await().atMost(Duration.ofSeconds(60)).until(() -> channels.stream().allMatch(ManagedChannel::isTerminated));
    }

    private void connect(RealServer server) {
        agents.clear();
        for (int i = 0; i < LLMS; i++) {
            PacedAgent agent = new PacedAgent("agent of " + llm(i), 4096);
            agent.connect(server.channel(), offer(i, LlmStatus.LLM_STATUS_ACTIVE));
            agents.add(agent);
            await().until(agent::registered);
        }
    }

    private void assertNothingLeft(RealServer server) {
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(Leftovers.of(server.server())).isEmpty());
    }

    @Test
    void afterAHundredThousandTasksNothingIsLeft() throws Exception {
        try (RealServer server = RealServer.start(
                "usage.retention=0",
                "lifecycle.resumeGrace=0",
                "lifecycle.inactiveRetention=5s", // so that the rows go too, and all that hangs on them
                "lifecycle.sweepInterval=500ms")) {
            long start = System.nanoTime();
            connect(server);
            soak(server, TASKS / 10);
            assertNothingLeft(server);
            long heapThen = liveHeap();
            int filesThen = files();

            connect(server);
            soak(server, TASKS);
            assertNothingLeft(server);
            long heapNow = liveHeap();
            int filesNow = files();

            System.out.printf(
                    "soak: %,d tasks, %,d MB in %d s %s; live heap after the first tenth %.1f MiB, at the end %.1f MiB;"
                            + " open files %d and %d%n",
                    begun.get(),
                    bytes.get() >> 20,
                    (System.nanoTime() - start) / 1_000_000_000,
                    new TreeMap<>(ends),
                    heapThen / 1048576.0,
                    heapNow / 1048576.0,
                    filesThen,
                    filesNow);
            assertThat(faults).isEmpty();
            assertThat(begun.get()).isGreaterThanOrEqualTo(TASKS);
            assertThat(ends.get("ok").get()).isGreaterThan(TASKS / 2);
            assertThat(heapNow).as("live heap").isLessThan(heapThen + HEAP_NOISE);
            assertThat(filesNow).as("open files").isLessThan(filesThen + FILES_NOISE);
        }
    }
}
