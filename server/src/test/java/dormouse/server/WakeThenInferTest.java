package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.LlmStatus;
import dormouse.v1.Phase;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The spine: an Llm that sleeps is woken once for however many infers wait, and all of them are answered. */
class WakeThenInferTest {
    private final Harness server = Harness.start();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void anInferOnASleepingLlmWakesItAndIsAnswered() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.asleep("qwen3"));

        InferProbe infer = server.infer("qwen3");
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(agent.infers()).isEmpty();

        agent.awake(agent.wakes().get(0));
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        agent.answer(agent.infers().get(0), "hello");

        assertThat(infer.phases()).containsExactly(Phase.Kind.KIND_WAKING, Phase.Kind.KIND_DISPATCHED);
        assertThat(infer.text()).isEqualTo("hello");
        assertThat(infer.completed()).isTrue();
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void aThousandWaitersOneWakeAThousandAnswersInOrderOfArrival() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.asleep("qwen3"));

        List<InferProbe> infers = IntStream.range(0, 1000)
                .mapToObj(i -> server.infer("qwen3", "{\"n\":" + i + "}"))
                .toList();
        assertThat(agent.wakes()).hasSize(1);
        agent.awake(agent.wakes().get(0));
        for (int i = 0; i < 1000; i++) {
            assertThat(agent.input(agent.infers().get(i)).toStringUtf8()).isEqualTo("{\"n\":" + i + "}");
            agent.answer(agent.infers().get(i), "answer " + i);
        }

        for (int i = 0; i < 1000; i++) {
            assertThat(infers.get(i).text()).isEqualTo("answer " + i);
            assertThat(infers.get(i).completed()).isTrue();
        }
        assertThat(agent.wakes()).hasSize(1);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }
}
