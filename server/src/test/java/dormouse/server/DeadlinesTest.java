package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dormouse.v1.Deadlines;
import dormouse.v1.Infer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import io.grpc.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** protocol.md, failure list, 13: a deadline in each phase, with its own reason; a request can shorten it. */
class DeadlinesTest {
    private final Harness server =
            Harness.start("deadlines.queue=30s", "deadlines.firstByte=5m", "deadlines.idle=60s", "deadlines.total=30m");
    private final ScriptedAgent agent = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private static Duration seconds(long seconds) {
        return Duration.newBuilder().setSeconds(seconds).build();
    }

    private void pass(long seconds) {
        server.advance(java.time.Duration.ofSeconds(seconds));
    }

    private void publish(int concurrency) {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen3").setConcurrency(concurrency), LlmStatus.LLM_STATUS_ACTIVE));
    }

    /** Not yet a second before the deadline; then with this reason. */
    private void assertEndsAfter(InferProbe infer, long seconds, String reason) {
        pass(seconds - 1);
        assertThat(infer.over()).as("before the deadline").isFalse();
        pass(1);
        assertThat(infer.reason()).isEqualTo(reason);
        assertThat(infer.code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    @Test
    void inTheQueue() {
        publish(1);
        server.infer("qwen3");
        InferProbe queued = server.infer("qwen3");
        assertEndsAfter(queued, 30, "QUEUE_TIMEOUT");
        assertThat(agent.infers()).hasSize(1);
        assertThat(agent.cancelled()).isEmpty();
    }

    @Test
    void inTheQueueAsTheRequestHasIt() {
        publish(1);
        server.infer("qwen3");
        InferProbe queued = server.infer("qwen3", Deadlines.newBuilder().setQueue(seconds(3)));
        assertEndsAfter(queued, 3, "QUEUE_TIMEOUT");
    }

    @Test
    void theClockOfTheQueueBeginsAfterTheWake() {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen3").setConcurrency(1).setWakeable(true),
                LlmStatus.LLM_STATUS_HIBERNATING));
        server.infer("qwen3");
        InferProbe second = server.infer("qwen3");
        pass(40);
        agent.awake(agent.wakes().get(0));
        assertEndsAfter(second, 30, "QUEUE_TIMEOUT");
    }

    @Test
    void onAWakeOnlyTheRequestHasOne() {
        agent.register(ScriptedAgent.asleep("qwen3"));
        InferProbe hurried = server.infer("qwen3", Deadlines.newBuilder().setWake(seconds(5)));
        InferProbe patient = server.infer("qwen3");
        assertEndsAfter(hurried, 5, "WAKE_TIMEOUT");
        assertThat(patient.over()).isFalse();
        assertThat(agent.cancelled()).as("the wake is the other one's too").isEmpty();
        assertThat(server.llm("qwen3").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        agent.awake(agent.wakes().get(0));
        agent.answer(agent.infers().get(0), "hello");
        assertThat(patient.text()).isEqualTo("hello");
    }

    @ParameterizedTest
    @ValueSource(longs = {3_600, 300_000_000L, 315_576_000_000L})
    void aWakeDeadlineBeyondTheTotalIsTheTotal(long wake) {
        agent.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("qwen3").setWakeable(true).setMaxWait(seconds(7200)),
                LlmStatus.LLM_STATUS_HIBERNATING));
        InferProbe infer = server.infer("qwen3", Deadlines.newBuilder().setWake(seconds(wake)));
        assertThat(agent.wakes()).hasSize(1);
        agent.heartbeat();
        for (int minute = 0; minute < 30; minute++) {
            assertThat(infer.over()).isFalse();
            pass(60);
            agent.heartbeat("qwen3", LlmStatus.LLM_STATUS_HIBERNATING);
        }
        assertThat(infer.reason()).isIn("DEADLINE", "WAKE_TIMEOUT");
    }

    @Test
    void oneThatTheExpectedWakeCannotMeetIsRefusedAtOnce() {
        agent.register(ScriptedAgent.asleep("qwen3"));
        InferProbe first = server.infer("qwen3");
        pass(20);
        agent.awake(agent.wakes().get(0));
        agent.answer(agent.infers().get(0), "hello");
        assertThat(first.completed()).isTrue();
        agent.heartbeat("qwen3", LlmStatus.LLM_STATUS_HIBERNATING);

        InferProbe hurried = server.infer("qwen3", Deadlines.newBuilder().setWake(seconds(19)));
        assertThat(hurried.reason()).isEqualTo("WAKE_TOO_SLOW");
        assertThat(hurried.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(hurried.retryAfter()).isEqualTo(java.time.Duration.ofSeconds(20));
        assertThat(agent.wakes()).as("for when it comes back").hasSize(2);

        server.infer("qwen3", Deadlines.newBuilder().setWake(seconds(20)));
        assertThat(agent.wakes()).hasSize(2);
        pass(15);
        InferProbe late = server.infer("qwen3", Deadlines.newBuilder().setWake(seconds(6)));
        assertThat(late.over()).as("five more seconds are expected").isFalse();
    }

    @Test
    void onTheFirstByte() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/event-stream"); // headers sent early change nothing
        assertEndsAfter(infer, 300, "FIRST_BYTE_TIMEOUT");
        assertThat(infer.head()).isNull();
        assertThat(agent.cancelReason(task)).isEqualTo("FIRST_BYTE_TIMEOUT");
    }

    @Test
    void onTheFirstByteAsTheRequestHasIt() {
        publish(1);
        InferProbe infer = server.infer("qwen3", Deadlines.newBuilder().setFirstByte(seconds(7)));
        assertThat(agent.infers().get(0).getFirstByteTimeout()).isEqualTo(seconds(7));
        assertEndsAfter(infer, 7, "FIRST_BYTE_TIMEOUT");
    }

    @Test
    void betweenTwoBytes() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, "a");
        pass(50);
        agent.chunk(task, 1, "b");
        pass(50);
        agent.chunk(task, 2, "c");
        assertEndsAfter(infer, 60, "IDLE_TIMEOUT");
        assertThat(infer.text()).isEqualTo("abc");
        assertThat(agent.cancelReason(task)).isEqualTo("IDLE_TIMEOUT");
    }

    @Test
    void theIdleClockDoesNotRunWhileTheClientHolds() {
        publish(1);
        InferProbe slow = server.slowInfer("qwen3", 2);
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, ByteString.copyFrom(new byte[16 << 10]));
        agent.chunk(task, 16 << 10, ByteString.copyFrom(new byte[16 << 10]));
        pass(50);
        slow.take(1);
        pass(50);
        slow.take(1); // now the backend's time begins
        assertThat(slow.over()).isFalse();
        assertEndsAfter(slow, 60, "IDLE_TIMEOUT");
    }

    @Test
    void onAllOfIt() {
        publish(1);
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        for (int i = 0; i < 30 * 2 - 1; i++) {
            agent.chunk(task, i, "x");
            pass(30);
        }
        agent.chunk(task, 59, "x");
        assertEndsAfter(infer, 30, "DEADLINE");
        assertThat(agent.cancelReason(task)).isEqualTo("DEADLINE");
    }

    @Test
    void onAllOfItWhileItWaits() {
        publish(1);
        server.infer("qwen3");
        InferProbe queued = server.infer("qwen3", Deadlines.newBuilder().setTotal(seconds(10)));
        assertEndsAfter(queued, 10, "DEADLINE");
    }

    @Test
    void theAgentIsToldWhatIsLeftOfAllOfIt() {
        publish(1);
        InferProbe first = server.infer("qwen3");
        server.infer("qwen3", Deadlines.newBuilder().setTotal(seconds(100)));
        pass(20);
        agent.answer(agent.infers().get(0), "one");
        assertThat(first.completed()).isTrue();
        assertThat(agent.infers().get(1).getTimeout()).isEqualTo(seconds(80));
        assertThat(agent.infers().get(1).getIdleTimeout()).isEqualTo(seconds(60));
    }

    @Test
    void aRequestCannotMakeAnyOfThemLonger() {
        publish(1);
        Deadlines.Builder longer = Deadlines.newBuilder()
                .setQueue(seconds(3000))
                .setFirstByte(seconds(3000))
                .setIdle(seconds(3000))
                .setTotal(seconds(300_000));
        server.infer("qwen3", longer);
        Infer task = agent.infers().get(0);
        assertThat(task.getFirstByteTimeout()).isEqualTo(seconds(300));
        assertThat(task.getIdleTimeout()).isEqualTo(seconds(60));
        assertThat(task.getTimeout()).isEqualTo(seconds(1800));
        assertEndsAfter(server.infer("qwen3", longer), 30, "QUEUE_TIMEOUT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"queue", "wake", "first_byte", "idle", "total"})
    void oneThatIsNoTimeIsRefusedByName(String field) {
        publish(1);
        for (Duration wrong : new Duration[] {
            seconds(0),
            seconds(-1),
            Duration.newBuilder()
                    .setSeconds(Long.MAX_VALUE)
                    .setNanos(Integer.MAX_VALUE)
                    .build()
        }) {
            Deadlines.Builder deadlines = Deadlines.newBuilder();
            deadlines.setField(Deadlines.getDescriptor().findFieldByName(field), wrong);
            InferProbe infer = server.infer("qwen3", deadlines);
            assertThat(infer.reason()).isEqualTo("MALFORMED");
            assertThat(infer.message()).contains("deadlines");
        }
        assertThat(agent.infers()).isEmpty();
    }

    @Test
    void noClockIsLeftRunning() {
        publish(2);
        int before = server.time().alarms();
        InferProbe cancelled = server.infer("qwen3");
        InferProbe answered = server.infer("qwen3");
        InferProbe queued = server.infer("qwen3");
        Infer first = agent.infers().get(0);
        agent.head(first, 200, "text/plain");
        agent.chunk(first, 0, "a");
        pass(20); // the clocks of the first byte are no more, those of silence run
        cancelled.cancel();
        agent.end(first, 1);
        agent.answer(agent.infers().get(1), "whole");
        agent.answer(agent.infers().get(2), "whole");
        assertThat(answered.completed() && queued.completed()).isTrue();
        assertThat(server.time().alarms()).isEqualTo(before);
    }
}
