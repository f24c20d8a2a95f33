package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.Infer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The door of a server that goes down. */
class DoorDrainTest {
    private static final String BODY = "{\"model\":\"qwen\",\"stream\":true}";

    private final DoorHarness door = DoorHarness.start();
    private final ScriptedAgent agent = door.agent();

    @AfterEach
    void close() {
        door.close();
    }

    @Test
    void what_runs_finishes_what_comes_is_refused_and_then_it_closes() throws InterruptedException {
        agent.register(ScriptedAgent.awake("qwen"), ScriptedAgent.asleep("sleepy"));
        WireClient running = door.client().post("/v1/chat/completions", BODY);
        Infer task = door.asked();
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: 1\n\n");
        running.head();
        assertThat(running.chunk()).isEqualTo("data: 1\n\n");
        WireClient waiting = door.client().post("/v1/chat/completions", BODY.replace("qwen", "sleepy"));
        await().until(() -> door.harness().relay().tasks() == 2);

        Thread drain = new Thread(() -> {
            try {
                door.harness().server().drain(Duration.ofSeconds(30));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        drain.start();
        assertThat(waiting.answer().text()).contains("\"code\":\"replica_draining\"");
        WireClient.Answer refused =
                door.client().post("/v1/chat/completions", BODY).answer();
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.head().header("retry-after")).isEqualTo("1");
        assertThat(refused.text()).contains("\"code\":\"replica_draining\"");

        agent.chunk(task, 9, "data: [DONE]\n\n");
        agent.end(task, 23);
        assertThat(running.chunk()).isEqualTo("data: [DONE]\n\n");
        assertThat(running.chunk()).isEmpty();
        drain.join();
        door.harness().server().close();
        assertThat(running.rest()).isEmpty();
    }

    @Test
    void a_server_that_just_closes_tells_its_streams() {
        agent.register(ScriptedAgent.awake("qwen"));
        WireClient running = door.client().post("/v1/chat/completions", BODY);
        Infer task = door.asked();
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: 1\n\n");
        running.head();
        assertThat(running.chunk()).isEqualTo("data: 1\n\n");
        WireClient idle = door.client().send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
        assertThat(idle.answer().status()).isEqualTo(200);

        door.harness().server().close();
        assertThat(running.chunk()).contains("\"error\"");
        assertThat(running.chunk()).isEmpty();
        assertThat(idle.rest()).isEmpty();
    }
}
