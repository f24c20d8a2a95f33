package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Timestamp;
import dormouse.v1.ListAgentsRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 1 and 15: large answers, and one client of ten that never reads. */
class BigAnswerTest {
    private static final int SIZE = 5 << 20;

    @TempDir
    Path directory;

    private static byte[] data(int size) {
        byte[] data = new byte[size];
        new Random(7).nextBytes(data);
        return data;
    }

    private static void send(FakeBackend.Exchange exchange, byte[] data, int from, int to, Random sizes)
            throws java.io.IOException {
        int at = from;
        while (at < to) {
            int length = Math.min(to - at, 1 + sizes.nextInt(40_000));
            exchange.chunk(data, at, length);
            at += length;
        }
    }

    @Test
    void everyByteOfFiveMegabytesArrivesAndTheFirstBeforeTheLastIsSent() {
        byte[] data = data(SIZE);
        CountDownLatch clientHasSome = new CountDownLatch(1);
        try (ServerProcess server = ServerProcess.start(directory);
                FakeBackend backend = FakeBackend.awake(exchange -> {
                    Random sizes = new Random(11);
                    exchange.head(200, "application/octet-stream");
                    send(exchange, data, 0, data.length - 1, sizes);
                    if (clientHasSome.await(60, TimeUnit.SECONDS)) {
                        exchange.chunk(data, data.length - 1, 1);
                        exchange.end();
                    }
                });
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("big", 4))) {
            server.awaitStatus("big", "ACTIVE");
            Call call = Call.start(server.inference(), "big", "{}");
            call.awaitFirstByte();
            clientHasSome.countDown();
            assertThat(call.end()).isEqualTo("OK");
            assertThat(call.bytes()).isEqualTo(data);
            assertThat(call.contentType()).isEqualTo("application/octet-stream");
            assertThat(agent.program().alive()).isTrue();
        }
    }

    @Test
    void nineKeepTheirSpeedAndHeartbeatsAreAnsweredWhileATenthNeverReads() {
        byte[] data = data(2 << 20);
        try (ServerProcess server = ServerProcess.start(directory, "lifecycle.heartbeatInterval=200ms");
                FakeBackend backend = FakeBackend.awake(exchange -> {
                    exchange.head(200, "application/octet-stream");
                    send(exchange, data, 0, data.length, new Random(3));
                    exchange.end();
                });
                AgentProcess agent = AgentProcess.start(directory, "ana", server.address(), backend.llm("big", 16))) {
            server.awaitStatus("big", "ACTIVE");
            nine(server, data); // warm
            long alone = nine(server, data);

            Call stuck = Call.start(server.inference(), "big", "{}", 3);
            stuck.awaitFirstByte();
            Timestamp before = heard(server);
            long beside = nine(server, data);
            await().atMost(ServerProcess.PATIENCE).until(() -> !heard(server).equals(before));

            assertThat(stuck.over()).isFalse();
            assertThat(server.program().log()).doesNotContain("agent detached");
            assertThat(agent.program().alive()).isTrue();
            System.out.printf(
                    "nine answers of 2 MiB: %d ms alone, %d ms beside one that never reads: ratio %.2f%n",
                    alone, beside, beside / (double) alone);
            stuck.cancel();
        }
    }

    private static long nine(ServerProcess server, byte[] data) {
        long begun = System.nanoTime();
        List<Call> calls = IntStream.range(0, 9)
                .mapToObj(i -> Call.start(server.inference(), "big", "{}"))
                .toList();
        assertThat(calls).allSatisfy(call -> {
            assertThat(call.end()).isEqualTo("OK");
            assertThat(call.bytes()).isEqualTo(data);
        });
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    }

    private static Timestamp heard(ServerProcess server) {
        return server.admin()
                .listAgents(ListAgentsRequest.getDefaultInstance())
                .getAgents(0)
                .getLastHeartbeatTime();
    }
}
