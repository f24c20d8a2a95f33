package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.LlmStatus;
import dormouse.v1.Wake;
import dormouse.v1.WakeProgress;
import dormouse.v1.WakeResult;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The publisher's policy refuses a wake: who waits is told why and until when, and nobody hammers its agent. */
class WakeRefusedTest {
    private static final String WHY = "a: its publisher does not want it woken between 23:00 and 07:00";

    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private void refuse(int number, @Nullable Duration left) {
        assertThat(ana.wakes()).hasSize(number);
        Wake wake = ana.wakes().get(number - 1);
        ana.send(AgentMessage.newBuilder()
                .setWakeResult(WakeResult.newBuilder()
                        .setTaskId(wake.getTaskId())
                        .setError(Problems.status(Status.Code.UNAVAILABLE, "WAKE_REFUSED", WHY, left, Map.of()))));
    }

    private static void assertRefused(InferProbe infer, Duration left) {
        assertThat(infer.reason()).isEqualTo("WAKE_REFUSED");
        assertThat(infer.code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(infer.retryAfter()).isEqualTo(left);
        assertThat(infer.message()).isEqualTo(WHY);
    }

    @Test
    void everybodyWhoWaitsHearsTheRuleAndUntilWhen() {
        ana.register(asleep("a"));
        List<InferProbe> infers = List.of(server.infer("a"), server.infer("a"), server.infer("a"));
        Probe<WakeProgress> byHand = server.wake("a");

        refuse(1, Duration.ofHours(8));

        assertThat(infers).allSatisfy(infer -> assertRefused(infer, Duration.ofHours(8)));
        assertThat(byHand.reason()).isEqualTo("WAKE_REFUSED");
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void whoComesWithinAMinuteIsRefusedWithoutAskingTheAgentWithTheRestOfItsTime() {
        ana.register(asleep("a"));
        server.infer("a");
        refuse(1, Duration.ofHours(8));

        server.advance(Duration.ofMillis(59_999));
        assertRefused(server.infer("a"), Duration.ofHours(8).minusMillis(59_999));
        assertThat(ana.wakes()).hasSize(1);

        server.advance(Duration.ofMillis(1));
        InferProbe asked = server.infer("a");
        refuse(2, Duration.ofHours(7));
        assertRefused(asked, Duration.ofHours(7));
    }

    @Test
    void aRefusalThatIsSoonOverIsRememberedForNoLonger() {
        ana.register(asleep("a"));
        server.infer("a");
        refuse(1, Duration.ofSeconds(5));

        server.advance(Duration.ofSeconds(5));
        InferProbe infer = server.infer("a");

        ana.awake(ana.wakes().get(1));
        ana.answer(ana.infers().get(0), "good morning");
        assertThat(infer.text()).isEqualTo("good morning");
    }

    @Test
    void aRefusalIsNoFailureForTheCoolDown() {
        ana.register(asleep("a"));
        for (int i = 1; i <= 5; i++) {
            server.infer("a");
            refuse(i, Duration.ofSeconds(1));
            server.advance(Duration.ofSeconds(1));
        }

        InferProbe infer = server.infer("a");
        ana.wakeFails(ana.wakes().get(5), "no GPU");

        assertThat(infer.retryAfter()).isEqualTo(Duration.ofSeconds(1)); // as after the first failure of a row
    }

    @Test
    void aWakeByHandAsksTheAgentAnew() {
        ana.register(asleep("a"));
        server.infer("a");
        refuse(1, Duration.ofHours(8));

        Probe<WakeProgress> byHand = server.wake("a");
        assertThat(ana.wakes()).hasSize(2);
        ana.awake(ana.wakes().get(1));

        assertThat(byHand.completed()).isTrue();
        InferProbe infer = server.infer("a");
        ana.answer(ana.infers().get(0), "after all");
        assertThat(infer.text()).isEqualTo("after all");
    }

    @Test
    void whatWasRefusedBeforeItWasAwakeAndAsleepAgainIsForgotten() {
        ana.register(asleep("a"));
        server.infer("a");
        refuse(1, Duration.ofHours(8));
        ana.register(awake("a"));
        ana.register(asleep("a"));

        server.infer("a");

        assertThat(ana.wakes()).hasSize(2);
    }

    @Test
    void anAgentThatDoesNotSayHowLongOrSaysNonsenseCannotKeepItForLong() {
        ana.register(asleep("a"));
        InferProbe first = server.infer("a");
        refuse(1, null);
        assertRefused(first, Duration.ofSeconds(10));

        server.advance(Duration.ofSeconds(10));
        InferProbe second = server.infer("a");
        refuse(2, Duration.ofSeconds(-5));
        assertRefused(second, Duration.ofSeconds(1));

        server.advance(Duration.ofSeconds(1));
        InferProbe third = server.infer("a");
        refuse(3, Duration.ofDays(300_000));
        assertRefused(third, Duration.ofDays(1));
        server.advance(Duration.ofSeconds(60));
        server.infer("a");
        assertThat(ana.wakes()).hasSize(4);
    }
}
