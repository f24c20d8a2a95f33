package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failure list 12: a client that leaves is noticed in every phase, and no GPU second is spent for nobody. */
class CancelReachesBackendTest {
    @TempDir
    static Path directory;

    private static ServerProcess server;
    private static FakeBackend backend;
    private static FakeBackend sleeper;
    private static AgentProcess agent;

    @BeforeAll
    static void start() {
        server = ServerProcess.start(directory);
        backend = FakeBackend.awake(exchange -> {
            if (exchange.text().contains("stream")) {
                exchange.head(200, "text/event-stream");
                exchange.chunk("data: 1\n\n");
            }
            if (exchange.clientLeft(60)) {
                return;
            }
            exchange.end();
        });
        sleeper = FakeBackend.asleep(exchange -> exchange.whole(200, "{}"));
        sleeper.wakeAnswers(202); // its recipe succeeds, but nothing boots
        agent = AgentProcess.start(
                directory, "ana", server.address(), backend.llm("busy", 1) + sleeper.wakeableLlm("sleepy", 1));
        server.awaitStatus("busy", "ACTIVE");
        server.awaitStatus("sleepy", "HIBERNATING");
    }

    @AfterAll
    static void stop() {
        agent.close();
        sleeper.close();
        backend.close();
        server.close();
    }

    private static FakeBackend.Exchange seen(int before) {
        await().atMost(ServerProcess.PATIENCE).until(() -> backend.exchanges().size() > before);
        return backend.exchanges().get(before);
    }

    private static void leaves(Call call, FakeBackend.Exchange exchange, String phase) throws InterruptedException {
        long begun = System.nanoTime();
        call.cancel();
        assertThat(exchange.clientLeft(30))
                .as("the backend sees its connection end")
                .isTrue();
        System.out.printf(
                "a client that leaves %s is noticed by the backend after %d ms%n",
                phase, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
    }

    @Test
    void beforeTheFirstByteAndWhileAnotherOneQueues() throws InterruptedException {
        int before = backend.exchanges().size();
        Call running = Call.start(server.inference(), "busy", "{\"n\":1}");
        FakeBackend.Exchange exchange = seen(before);
        Call queued = Call.start(server.inference(), "busy", "{\"queued\":1}");
        await().atMost(ServerProcess.PATIENCE).until(() -> queued.phases().contains("KIND_QUEUED"));

        queued.cancel();
        await().atMost(ServerProcess.PATIENCE)
                .until(() -> server.find("busy").orElseThrow().getQueuedTasks() == 0);
        leaves(running, exchange, "before the first byte");

        Call next = Call.start(server.inference(), "busy", "{\"n\":2}");
        FakeBackend.Exchange after = seen(before + 1);
        assertThat(after.text()).as("the one that left the queue never came").contains("\"n\":2");
        leaves(next, after, "before the first byte");
        assertThat(backend.exchanges().stream().filter(each -> each.text().contains("queued")))
                .isEmpty();
    }

    @Test
    void midStream() throws InterruptedException {
        int before = backend.exchanges().size();
        Call running = Call.start(server.inference(), "busy", "{\"stream\":true}");
        running.awaitFirstByte();
        leaves(running, seen(before), "mid-stream");
        await().alias("the slot is free again")
                .atMost(Duration.ofSeconds(30))
                .until(() -> server.find("busy").orElseThrow().getActiveTasks() == 0);
    }

    @Test
    void whileWaking() {
        Call waiting = Call.start(server.inference(), "sleepy", "{\"n\":1}");
        await().atMost(ServerProcess.PATIENCE).until(() -> waiting.phases().contains("KIND_WAKING"));
        waiting.cancel();
        server.awaitStatus("sleepy", "WAKING"); // it begins, or goes on, without it

        sleeper.open();
        server.awaitStatus("sleepy", "ACTIVE");
        assertThat(Call.start(server.inference(), "sleepy", "{\"n\":2}").end()).isEqualTo("OK");
        assertThat(sleeper.exchanges())
                .as("the one that left while it woke never came")
                .singleElement()
                .satisfies(exchange -> assertThat(exchange.text()).contains("\"n\":2"));
    }
}
