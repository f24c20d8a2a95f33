package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.v1.AgentMessage;
import dormouse.v1.Deadlines;
import dormouse.v1.Infer;
import dormouse.v1.InferEnd;
import dormouse.v1.InferRequest;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.SumUsageRequest;
import dormouse.v1.SumUsageRequest.Key;
import dormouse.v1.Usage;
import dormouse.v1.UsageSum;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is kept of tasks: a row for each, with the times that passed and the tokens that the agent reports. */
class UsageTest {
    private Harness server = Harness.start();
    private ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private void startWith(String... sets) {
        server.close();
        server = Harness.start(sets);
        ana = server.agent("ana");
    }

    private List<UsageSum> sums(Key... by) {
        return server.admin()
                .sumUsage(
                        SumUsageRequest.newBuilder().addAllGroupBy(List.of(by)).build())
                .getSumsList();
    }

    private UsageSum sum() {
        return sums().get(0);
    }

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }

    private void pass(long seconds) {
        server.advance(seconds(seconds));
    }

    private void end(Infer task, long bytes, int promptTokens, int completionTokens) {
        ana.send(AgentMessage.newBuilder()
                .setInferEnd(InferEnd.newBuilder()
                        .setTaskId(task.getTaskId())
                        .setBytes(bytes)
                        .setUsage(Usage.newBuilder()
                                .setPromptTokens(promptTokens)
                                .setCompletionTokens(completionTokens))));
    }

    private void assertCounts(long tasks, long failed, long cancelled, long answered) {
        UsageSum sum = sum();
        assertThat(List.of(sum.getTasks(), sum.getFailed(), sum.getCancelled(), sum.getAnswered()))
                .as("tasks, failed, cancelled, answered")
                .containsExactly(tasks, failed, cancelled, answered);
    }

    @Test
    void aTaskThatIsWholeHasItsTokensBytesAndTheTimeOfEachPhase() {
        ana.register(ScriptedAgent.offer(
                LlmSpec.newBuilder().setName("a").setConcurrency(1).setWakeable(true),
                LlmStatus.LLM_STATUS_HIBERNATING));
        server.infer("a");
        InferProbe second = server.infer("a");
        pass(40);
        ana.awake(ana.wakes().get(0));
        pass(3);
        ana.answer(ana.infers().get(0), "first");
        Infer task = ana.infers().get(1);
        pass(2);
        ana.head(task, 200, "text/plain");
        ana.chunk(task, 0, "hello");
        pass(7);
        end(task, 5, 11, 5);

        assertThat(second.completed()).isTrue();
        UsageSum both = sum();
        assertThat(both.getTasks()).isEqualTo(2);
        assertThat(both.getPromptTokens()).isEqualTo(11);
        assertThat(both.getCompletionTokens()).isEqualTo(5);
        assertThat(both.getBytes()).isEqualTo(10);
        assertThat(Times.duration(both.getWoke())).as("40 s each").isEqualTo(seconds(80));
        assertThat(Times.duration(both.getQueued())).as("the second one").isEqualTo(seconds(3));
        assertThat(Times.duration(both.getFirstByte())).as("3 s and 2 s").isEqualTo(seconds(5));
        assertThat(Times.duration(both.getTotal())).as("43 s and 52 s").isEqualTo(seconds(95));
        assertCounts(2, 0, 0, 2);
    }

    @Test
    void aTaskThatFailsIsOneFailureInWhicheverPhase() {
        ana.register(
                ScriptedAgent.offer(LlmSpec.newBuilder().setName("a").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE),
                asleep("s"));
        InferProbe running = server.infer("a");
        InferProbe queued = server.infer("a", Deadlines.newBuilder().setQueue(Times.duration(seconds(1))));
        InferProbe waking = server.infer("s");
        pass(1);
        assertThat(queued.reason()).isEqualTo("QUEUE_TIMEOUT");
        assertCounts(1, 1, 0, 0);

        ana.wakeFails(ana.wakes().get(0), "no");
        assertThat(waking.reason()).isEqualTo("WAKE_FAILED");
        assertCounts(2, 2, 0, 0);

        assertThat(server.infer("s").reason()).as("cooling down").isEqualTo("WAKE_FAILED");
        assertCounts(3, 3, 0, 0);

        Infer task = ana.infers().get(0);
        ana.head(task, 200, "text/plain");
        ana.chunk(task, 0, "half");
        ana.end(task, 4, Problems.status(Status.Code.UNAVAILABLE, "BACKEND_FAILED", "cut off"));
        assertThat(running.reason()).isEqualTo("BACKEND_FAILED");
        assertCounts(4, 4, 0, 1);

        InferProbe lost = server.infer("a");
        ana.cut();
        server.advance(Duration.ofSeconds(10));
        assertThat(lost.reason()).isEqualTo("AGENT_LOST");
        assertThat(server.infer("a").reason()).isEqualTo("LLM_INACTIVE");
        assertCounts(6, 6, 0, 1);
    }

    @Test
    void aTaskWhoseClientLeavesIsCancelledInWhicheverPhase() {
        ana.register(
                ScriptedAgent.offer(LlmSpec.newBuilder().setName("a").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE),
                asleep("s"));
        InferProbe running = server.infer("a");
        InferProbe queued = server.infer("a");
        InferProbe waking = server.infer("s");

        queued.cancel();
        assertCounts(1, 0, 1, 0);
        waking.cancel();
        assertCounts(2, 0, 2, 0);
        ana.head(ana.infers().get(0), 200, "text/plain");
        ana.chunk(ana.infers().get(0), 0, "half");
        running.cancel();
        assertCounts(3, 0, 3, 1);
        end(ana.infers().get(0), 4, 5, 6);
        assertCounts(3, 0, 3, 1);
    }

    @Test
    void aTaskThatIsSentAgainSinceItsLlmFellAsleepIsOneTask() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        pass(10);
        ana.awake(ana.wakes().get(0));
        ana.end(
                ana.infers().get(0),
                0,
                Problems.status(Status.Code.UNAVAILABLE, "NOT_AWAKE", "it has just been put to sleep"));
        pass(20);
        ana.awake(ana.wakes().get(1));
        ana.answer(ana.infers().get(1), "hello");

        assertThat(infer.text()).isEqualTo("hello");
        assertCounts(1, 0, 0, 1);
        assertThat(Times.duration(sum().getWoke())).isEqualTo(seconds(30));
    }

    @Test
    void sumsAreToldApartByLlmAndDay() {
        ana.register(awake("a"), awake("b"));
        ana.onInfer(task -> ana.answer(task, "yes"));
        server.infer("b");
        server.infer("a");
        pass(86_400);
        server.reconnect(ana).register(awake("a"), awake("b"));
        server.infer("a");

        assertThat(sums(Key.KEY_LLM, Key.KEY_DAY))
                .extracting(sum -> sum.getDay() + " " + sum.getLlm() + " " + sum.getTasks())
                .containsExactly("2026-01-01 a 1", "2026-01-01 b 1", "2026-01-02 a 1");
        assertThat(sums(Key.KEY_CALLER))
                .extracting(UsageSum::getCaller, UsageSum::getTasks)
                .containsExactly(tuple("", 3L));
        assertThat(server.admin()
                        .sumUsage(SumUsageRequest.newBuilder()
                                .setLlm("a")
                                .setFrom(Times.timestamp(server.time().now()))
                                .build())
                        .getSums(0)
                        .getTasks())
                .isEqualTo(1);
    }

    @Test
    void whatStrangersCanMakeUpIsNotKept() {
        ana.register(awake("a"));
        assertThat(server.infer("nobody").reason()).isEqualTo("LLM_NOT_FOUND");
        assertThat(server.infer(InferRequest.newBuilder()
                                .setLlm("a")
                                .setPath("../admin")
                                .build())
                        .reason())
                .isEqualTo("MALFORMED");
        server.server().relay().drain();
        assertThat(server.infer("nobody").reason()).isEqualTo("REPLICA_DRAINING");
        assertCounts(0, 0, 0, 0);

        assertThat(server.infer("a").reason()).isEqualTo("REPLICA_DRAINING");
        assertCounts(1, 1, 0, 0);
    }

    @Test
    void aTaskOfAPoolCountsForTheMemberThatServedOrForThePoolWhereNoneCould() {
        ana.register(PoolTest.member("a", 1, true));
        ana.onInfer(task -> ana.answer(task, "yes"));
        assertThat(server.infer("shared").text()).isEqualTo("yes");
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.infer("shared").reason()).isEqualTo("LLM_INACTIVE");

        assertThat(sums(Key.KEY_LLM))
                .extracting(sum -> sum.getLlm() + " " + sum.getTasks() + " " + sum.getFailed())
                .containsExactly("a 1 0", "shared 1 1");
    }

    private void assertMalformed(String field, Consumer<SumUsageRequest.Builder> wrong) {
        SumUsageRequest.Builder request = SumUsageRequest.newBuilder();
        wrong.accept(request);
        assertThat(catchThrowable(() -> server.admin().sumUsage(request.build())))
                .satisfies(refusal -> {
                    assertThat(Problems.reason(refusal)).isEqualTo("MALFORMED");
                    assertThat(refusal).hasMessageContaining(field);
                });
    }

    @Test
    void aQuestionThatIsWrongIsToldWhatIs() {
        assertMalformed("no such name!", request -> request.setLlm("no such name!"));
        assertMalformed("group_by", request -> request.addGroupBy(Key.KEY_UNSPECIFIED));
        assertMalformed("group_by", request -> request.addGroupBy(Key.KEY_DAY).addGroupBy(Key.KEY_DAY));
        assertMalformed("group_by", request -> request.addGroupByValue(77));
        assertMalformed("from", request -> request.getFromBuilder().setSeconds(Long.MAX_VALUE));
        assertMalformed("to", request -> request.getToBuilder().setNanos(-5).setSeconds(-99_999_999_999_999L));
        assertMalformed("to", request -> {
            request.getFromBuilder().setSeconds(5);
            request.getToBuilder().setSeconds(5);
        });
    }

    @Test
    void rowsAreKeptForAsLongAsTheOperatorSays() {
        startWith("usage.retention=2h");
        ana.register(awake("a"));
        ana.onInfer(task -> ana.answer(task, "yes"));
        server.infer("a");
        pass(3_600);
        server.reconnect(ana).register(awake("a"));
        server.infer("a");
        assertCounts(2, 0, 0, 2);
        pass(7_200 - 3_600 + 59);
        assertCounts(2, 0, 0, 2);
        pass(1);
        assertCounts(1, 0, 0, 1);
        pass(3_600);
        assertCounts(0, 0, 0, 0);
    }

    @Test
    void withoutARetentionNoneIsWritten() {
        startWith("usage.retention=0");
        ana.register(awake("a"));
        ana.onInfer(task -> ana.answer(task, "yes"));
        server.infer("a");
        pass(10);
        assertCounts(0, 0, 0, 0);
        assertThat(server.stores().usageBatches()).isEmpty();
    }
}
