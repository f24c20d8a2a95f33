package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.contract.Times;
import dormouse.v1.AgentMessage;
import dormouse.v1.LlmStatus;
import dormouse.v1.Wake;
import dormouse.v1.WakeProgress;
import dormouse.v1.WakeResult;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A person wakes an Llm: joins, hurries, watches. Failure list: 11. */
class WakeByHandTest {
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

    private Wake wake(int number) {
        assertThat(ana.wakes()).hasSize(number);
        return ana.wakes().get(number - 1);
    }

    private void wakeFailsWith(Wake wake, String reason) {
        ana.send(AgentMessage.newBuilder()
                .setWakeResult(WakeResult.newBuilder()
                        .setTaskId(wake.getTaskId())
                        .setError(Problems.status(Status.Code.UNAVAILABLE, reason, "so says the agent"))));
    }

    @Test
    void aWakeByHandSaysHowItGoesAndEndsWhenTheLlmIsAwake() {
        ana.register(asleep("a"));
        Probe<WakeProgress> byHand = server.wake("a");
        server.advance(Duration.ofSeconds(3));
        assertThat(byHand.heard())
                .hasSizeBetween(3, 4)
                .allSatisfy(
                        progress -> assertThat(progress.getLlm().getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING));

        ana.awake(wake(1));

        assertThat(byHand.completed()).isTrue();
        List<WakeProgress> heard = byHand.heard();
        WakeProgress last = heard.get(heard.size() - 1);
        assertThat(last.getLlm().getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(Times.duration(last.getElapsed())).isEqualTo(Duration.ofSeconds(3));
        assertThat(Times.duration(last.getLlm().getExpectedWake())).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void aWakeByHandJoinsTheWakeUnderWayAndSaysSinceWhenItIs() {
        ana.register(asleep("a"));
        server.infer("a");
        server.advance(Duration.ofSeconds(7));

        Probe<WakeProgress> byHand = server.wake("a");

        assertThat(ana.wakes()).hasSize(1);
        assertThat(Times.duration(byHand.heard().get(0).getElapsed())).isEqualTo(Duration.ofSeconds(7));
        ana.awake(wake(1));
        assertThat(byHand.completed()).isTrue();
    }

    @Test
    void aWakeByHandIgnoresTheCoolDownAndTakesTheOthersAlong() {
        ana.register(asleep("a"));
        server.infer("a");
        ana.wakeFails(wake(1), "no");
        assertThat(server.infer("a").reason()).isEqualTo("WAKE_FAILED");

        Probe<WakeProgress> byHand = server.wake("a");
        InferProbe infer = server.infer("a");

        ana.awake(wake(2));
        assertThat(byHand.completed()).isTrue();
        ana.answer(ana.infers().get(0), "along");
        assertThat(infer.text()).isEqualTo("along");
    }

    @Test
    void aWakeByHandThatFailsSaysWhy() {
        ana.register(asleep("a"));
        Probe<WakeProgress> byHand = server.wake("a");

        wakeFailsWith(wake(1), "WAKE_REFUSED");

        assertThat(byHand.reason()).isEqualTo("WAKE_REFUSED");
    }

    @Test
    void aWakeByHandOfWhatIsAwakeEndsAtOnce() {
        ana.register(awake("a"));

        Probe<WakeProgress> byHand = server.wake("a");

        assertThat(byHand.completed()).isTrue();
        assertThat(byHand.heard()).hasSize(1);
        assertThat(ana.wakes()).isEmpty();
    }

    @Test
    void aWakeByHandOfWhatIsInactiveUnknownOrNoNameIsRefused() {
        ana.register(awake("a"));
        ana.goodbye();

        assertThat(server.wake("a").reason()).isEqualTo("LLM_INACTIVE");
        assertThat(server.wake("nobody").reason()).isEqualTo("LLM_NOT_FOUND");
        assertThat(server.wake("not a name").reason()).isEqualTo("MALFORMED");
        assertThat(server.wake("").reason()).isEqualTo("MALFORMED");
    }

    @Test
    void aPersonWhoLeavesDoesNotEndTheWakeForAnInfer() {
        startWith("wake.whenUnwanted=cancel");
        ana.register(asleep("a"));
        Probe<WakeProgress> byHand = server.wake("a");
        InferProbe infer = server.infer("a");

        byHand.cancel();
        server.advance(Duration.ofSeconds(3));

        assertThat(ana.cancelled()).isEmpty();
        ana.awake(wake(1));
        ana.answer(ana.infers().get(0), "hello");
        assertThat(infer.text()).isEqualTo("hello");
    }
}
