package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.Infer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that goes away is noticed in every phase, and nobody works for it any more. */
class DoorAbortTest {
    private static final String BODY = "{\"model\":\"qwen\",\"stream\":true}";

    /** How it goes. */
    enum Way {
        IN_ORDER,
        CUT;

        void leave(WireClient client) {
            switch (this) {
                case IN_ORDER -> client.close();
                case CUT -> client.cut();
            }
        }
    }

    private final DoorHarness door = DoorHarness.start();
    private final ScriptedAgent agent = door.agent();
    private final WireClient client = door.client();

    @AfterEach
    void close() {
        door.close();
    }

    private void awaitCancelled(Infer task) {
        await().until(() -> agent.cancelReason(task).equals("CLIENT_GONE"));
        agent.end(task, 0);
        door.awaitNothingLeft();
    }

    @ParameterizedTest
    @EnumSource
    void while_its_body_is_on_the_way(Way way) {
        client.send("POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + "a".repeat(50_000));
        await().until(() -> door.harness().relay().bufferedBytes() == 50_000);

        way.leave(client);
        door.awaitNothingLeft();
    }

    @ParameterizedTest
    @EnumSource
    void while_its_llm_is_woken(Way way) {
        agent.register(ScriptedAgent.asleep("qwen"));
        client.post("/v1/chat/completions", BODY);
        await().until(() -> !agent.wakes().isEmpty());

        way.leave(client);
        door.awaitNothingLeft();
        agent.awake(agent.wakes().get(0));
        assertThat(agent.infers()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void while_it_is_kept_waiting_by_comments(Way way) {
        agent.register(ScriptedAgent.asleep("qwen"));
        client.post("/v1/chat/completions", BODY);
        await().until(() -> !agent.wakes().isEmpty());
        door.advance(Duration.ofSeconds(10));
        client.head();

        way.leave(client);
        door.awaitNothingLeft();
    }

    @ParameterizedTest
    @EnumSource
    void while_it_queues(Way way) {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE));
        WireClient first = door.client().post("/v1/chat/completions", BODY);
        Infer running = door.asked();
        client.post("/v1/chat/completions", BODY);
        await().until(() -> door.harness().relay().tasks() == 2);

        way.leave(client);
        await().until(() -> door.harness().relay().tasks() == 1);
        agent.answer(running, "done");
        assertThat(first.answer().text()).isEqualTo("done");
        assertThat(agent.infers()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource
    void before_the_first_byte(Way way) {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/chat/completions", BODY);
        Infer task = door.asked();

        way.leave(client);
        awaitCancelled(task);
    }

    @ParameterizedTest
    @EnumSource
    void in_the_middle_of_the_answer(Way way) {
        agent.register(ScriptedAgent.awake("qwen"));
        client.post("/v1/chat/completions", BODY);
        Infer task = door.asked();
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: 1\n\n");
        client.head();
        client.chunk();

        way.leave(client);
        awaitCancelled(task);
    }
}
