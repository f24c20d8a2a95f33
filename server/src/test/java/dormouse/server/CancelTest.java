package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.fleet.LlmName;
import dormouse.v1.Infer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Wake;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * protocol.md, failure list, 12, in one process: a client that leaves, in each phase. The agent hears of it where it has
 * something to end, and only there; the slot and the queue go on.
 */
class CancelTest {
    private static final LlmName QWEN3 = new LlmName("qwen3");

    private Harness server = Harness.start();
    private ScriptedAgent agent = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private void publishWithOneSlot() {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen3").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE));
    }

    private int running() {
        return server.relay().running(QWEN3);
    }

    private void assertNothingRemains() {
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        assertThat(running()).isZero();
        assertThat(server.relay().queued(QWEN3)).isZero();
    }

    @Test
    void whileQueuedTheAgentHearsNothingAndTheQueueMovesUp() {
        publishWithOneSlot();
        InferProbe first = server.infer("qwen3");
        InferProbe second = server.infer("qwen3");
        InferProbe third = server.infer("qwen3");

        second.cancel();
        assertThat(server.relay().queued(QWEN3)).isEqualTo(1);
        assertThat(agent.cancelled()).isEmpty();
        assertThat(agent.infers()).hasSize(1);

        agent.answer(agent.infers().get(0), "one");
        agent.answer(agent.infers().get(1), "three");
        assertThat(first.text()).isEqualTo("one");
        assertThat(third.text()).isEqualTo("three");
        assertThat(second.text()).isEmpty();
        assertNothingRemains();
    }

    @Test
    void whileWakingTheWakeGoesOnForWhoeverComesNext() {
        agent.register(ScriptedAgent.asleep("qwen3"));
        InferProbe infer = server.infer("qwen3");
        infer.cancel();

        assertThat(agent.cancelled()).isEmpty();
        assertNothingRemains();
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        agent.awake(agent.wakes().get(0));
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(agent.infers()).isEmpty();
    }

    @Test
    void whileWakingTheLastOneToLeaveEndsTheWakeWhereTheOperatorWantsThat() {
        server.close();
        server = Harness.start("wake.whenUnwanted=cancel");
        agent = server.agent("ana");
        agent.register(ScriptedAgent.asleep("qwen3"));
        InferProbe first = server.infer("qwen3");
        InferProbe second = server.infer("qwen3");
        Wake wake = agent.wakes().get(0);

        first.cancel();
        assertThat(agent.cancelled()).as("one still waits").isEmpty();
        second.cancel();
        assertThat(agent.cancelled()).containsExactly(wake.getTaskId());
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        assertNothingRemains();
    }

    @Test
    void beforeTheFirstByteTheAgentIsToldOnceAndTheSlotIsFreeWhenItHasEnded() {
        publishWithOneSlot();
        InferProbe infer = server.infer("qwen3");
        InferProbe next = server.infer("qwen3");
        Infer task = agent.infers().get(0);

        infer.cancel();
        infer.cancel();
        assertThat(agent.cancelled()).containsExactly(task.getTaskId());
        assertThat(agent.cancelReason(task)).isEqualTo("CLIENT_GONE");
        assertThat(agent.infers()).as("the backend is still at it").hasSize(1);
        assertThat(running()).isEqualTo(1);

        agent.end(task, 0);
        assertThat(agent.infers()).hasSize(2);
        agent.answer(agent.infers().get(1), "next");
        assertThat(next.text()).isEqualTo("next");
        assertNothingRemains();
    }

    @Test
    void inTheMiddleOfTheAnswerTheAgentIsToldToo() {
        publishWithOneSlot();
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: 1\n\n");

        infer.cancel();
        assertThat(agent.cancelled()).containsExactly(task.getTaskId());
        agent.chunk(task, 9, "data: 2\n\n");
        agent.end(task, 18);
        assertThat(infer.text()).isEqualTo("data: 1\n\n");
        assertNothingRemains();
    }

    @Test
    void whileItReadsNothingTheAgentIsToldToo() {
        publishWithOneSlot();
        InferProbe infer = server.slowInfer("qwen3", 1);
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/event-stream");
        agent.chunk(task, 0, "data: 1\n\n");

        infer.cancel();
        assertThat(agent.cancelled()).containsExactly(task.getTaskId());
        agent.end(task, 9);
        assertNothingRemains();
    }

    @Test
    void anAgentThatDoesNotEndACancelledTaskLosesTheSlotAfterFiveSecondsOnce() {
        publishWithOneSlot();
        InferProbe infer = server.infer("qwen3");
        server.infer("qwen3");
        server.infer("qwen3");
        Infer task = agent.infers().get(0);

        infer.cancel();
        server.advance(Duration.ofMillis(4_999));
        assertThat(agent.infers()).hasSize(1);
        server.advance(Duration.ofMillis(1));
        assertThat(agent.infers()).hasSize(2);

        agent.end(task, 0);
        assertThat(agent.infers()).as("the late end frees no second slot").hasSize(2);
        assertThat(running()).isEqualTo(1);
        agent.answer(agent.infers().get(1), "two");
        agent.answer(agent.infers().get(2), "three");
        assertNothingRemains();
    }

    @Test
    void afterTheEndItMeansNothing() {
        publishWithOneSlot();
        InferProbe infer = server.infer("qwen3");
        agent.answer(agent.infers().get(0), "whole");
        infer.cancel();

        assertThat(infer.completed()).isTrue();
        assertThat(agent.cancelled()).isEmpty();
        assertNothingRemains();
    }

    @Test
    void whenTheAgentIsLostMeanwhileNothingIsLeftBehind() {
        publishWithOneSlot();
        InferProbe infer = server.infer("qwen3");
        InferProbe next = server.infer("qwen3");
        infer.cancel();
        agent.cut();

        server.advance(Duration.ofSeconds(10));
        assertThat(next.reason()).isIn("AGENT_LOST", "LLM_INACTIVE");
        assertNothingRemains();
        int alarms = server.time().alarms();
        server.advance(Duration.ofSeconds(5));
        assertThat(server.time().alarms()).isLessThanOrEqualTo(alarms);
    }
}
