package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.server.fleet.LlmName;
import dormouse.server.relay.Relay;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Real sockets, real threads: clients that stay, leave at any moment or never read, on Llms that fall asleep, and of which
 * one is cut off. Whatever order it all takes, no byte is wrong and nothing is left behind.
 */
class StressTest {
    private static final int CLIENTS = 4;
    private static final int ROUNDS = 25;
    private static final int AT_A_TIME = 6;
    private static final int BETWEEN_STROKES = 5;
    private static final String[] LLMS = {"qwen3", "phi"};

    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();
    private int turns; // under this

    private static LlmOffer offer(String llm) {
        return ScriptedAgent.offer(
                LlmSpec.newBuilder().setName(llm).setConcurrency(3).setWakeable(true),
                LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void whoeverLeavesWheneverNothingIsLeftBehind() throws Exception {
        try (RealServer server = RealServer.start()) {
            List<PacedAgent> agents = new ArrayList<>();
            for (String llm : LLMS) {
                PacedAgent agent = new PacedAgent("agent of " + llm, 5000);
                agent.connect(server.channel(), offer(llm));
                await().until(agent::registered);
                agents.add(agent);
            }
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random random = new Random(i);
                ManagedChannel channel = server.channel();
                Thread client = new Thread(() -> work(channel, random), "client-" + i);
                client.start();
                clients.add(client);
            }
            Random random = new Random(99);
            for (int turn = nextTurn(); clients.stream().anyMatch(Thread::isAlive); turn = nextTurn()) {
                int which = random.nextInt(LLMS.length);
                agents.get(which).heartbeat(LLMS[which], LlmStatus.LLM_STATUS_HIBERNATING);
                if (turn % 40 == 39) { // the second one is lost, and its machine comes back as another session
                    agents.get(1).cut();
                    agents.get(1).connect(server.channel(), offer(LLMS[1]));
                }
                for (int i = 0; i < BETWEEN_STROKES; i++) {
                    agents.get(0).quietHeartbeat(); // lets the clients go on between two strokes of fate
                }
            }

            assertThat(faults).isEmpty();
            assertThat(answered.get()).isPositive();
            assertThat(left.get()).isPositive();
            Relay relay = server.server().relay();
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(relay.tasks()).isZero();
                assertThat(relay.bufferedBytes()).isZero();
                for (String llm : LLMS) {
                    assertThat(relay.running(new LlmName(llm))).as(llm).isZero();
                    assertThat(relay.queued(new LlmName(llm))).as(llm).isZero();
                }
            });
            CheckingClient last = new CheckingClient(server.channel(), "qwen3", 1000, Integer.MAX_VALUE, 2000);
            assertThat(last.await()).isTrue();
            assertThat(last.completed()).as("all slots are free").isTrue();
        }
    }

    private synchronized int nextTurn() {
        notifyAll();
        return ++turns;
    }

    private synchronized void awaitTurns(int more) throws InterruptedException {
        int until = turns + more;
        while (turns < until) {
            wait();
        }
    }

    private void work(ManagedChannel channel, Random random) {
        try {
            for (int round = 0; round < ROUNDS; round++) {
                List<CheckingClient> batch = new ArrayList<>();
                List<Integer> sizes = new ArrayList<>();
                for (int i = 0; i < AT_A_TIME; i++) {
                    int size = random.nextInt(200_000);
                    int fate = random.nextInt(6);
                    int messages = fate == 0 ? random.nextInt(3) : Integer.MAX_VALUE;
                    long leaveAfter = fate == 1 ? random.nextInt(size + 1) : Long.MAX_VALUE;
                    String llm = LLMS[random.nextInt(LLMS.length)];
                    CheckingClient client = new CheckingClient(channel, llm, size, messages, leaveAfter);
                    if (fate == 2) {
                        client.leave();
                    }
                    batch.add(client);
                    sizes.add(size);
                }
                for (int i = 0; i < AT_A_TIME; i++) {
                    check(batch.get(i), sizes.get(i), random);
                }
            }
        } catch (InterruptedException | RuntimeException e) {
            faults.add(e.toString());
        }
    }

    private void check(CheckingClient client, int size, Random random) throws InterruptedException {
        if (client.takesNoMore()) {
            awaitTurns(random.nextInt(2)); // leaves at some moment of the conversation
            client.leave();
        }
        if (!client.await()) {
            faults.add("a client was never told of its end");
        } else if (client.wrong()) {
            faults.add("a wrong byte");
        } else if (client.completed()) {
            answered.incrementAndGet();
            if (client.received() != size) {
                faults.add("whole with " + client.received() + " of " + size + " bytes");
            }
        } else {
            left.incrementAndGet();
            String reason = client.reason();
            if (reason.equals("INTERNAL") || reason.endsWith("TIMEOUT")) {
                faults.add(reason + ": " + client.error());
            }
        }
    }
}
