package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.offer;
import static dormouse.server.ScriptedAgent.sleepable;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.Llm;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Sleep;
import dormouse.v1.Wake;
import dormouse.v1.WakeProgress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Those who wait while a stream is lost for a moment: in a queue, for a wake, for a sleep. */
class BlipTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private LlmStatus status() {
        return server.llm("a").getStatus();
    }

    private static dormouse.v1.LlmOffer narrow() {
        return offer(LlmSpec.newBuilder().setName("a").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void whoQueuesWaitsOn() {
        ana.register(narrow());
        InferProbe running = server.infer("a");
        InferProbe queued = server.infer("a");
        ana.cut();
        running.cancel();
        server.advance(Duration.ofSeconds(6)); // a slot is free by now
        assertThat(queued.over()).isFalse();
        assertThat(server.infer("a").reason()).as("whoever comes now").isEqualTo("LLM_INACTIVE");

        server.reconnect(ana).register(narrow());

        ana.answer(ana.infers().get(0), "my turn");
        assertThat(queued.text()).isEqualTo("my turn");
        assertThat(server.relay().tasks()).isZero();
    }

    @Test
    void afterTheGraceItIsRefused() {
        ana.register(narrow());
        server.infer("a");
        InferProbe queued = server.infer("a");
        ana.cut();
        server.advance(Duration.ofSeconds(10));

        assertThat(queued.reason()).isEqualTo("LLM_INACTIVE");
        assertThat(queued.retryAfter()).isNotNull();
        assertThat(server.relay().tasks()).isZero();
        assertThat(server.time().alarms()).isEqualTo(Harness.ALARMS_AT_REST);
    }

    @Test
    void itsOwnDeadlineHolds() {
        try (Harness hasty = Harness.start("deadlines.queue=4s")) {
            ScriptedAgent bob = hasty.agent("bob");
            bob.register(narrow());
            hasty.infer("a");
            InferProbe queued = hasty.infer("a");
            bob.cut();
            hasty.advance(Duration.ofSeconds(4));
            assertThat(queued.reason()).isEqualTo("QUEUE_TIMEOUT");
        }
    }

    @Test
    void aNameThatIsNotBroughtBackIsWaitedForInVain() {
        ana.register(narrow(), awake("b"));
        server.infer("a");
        InferProbe queued = server.infer("a");
        ana.cut();

        server.reconnect(ana).register(awake("b"));

        assertThat(queued.reason()).isEqualTo("LLM_INACTIVE");
    }

    @Test
    void whoQueuesForAnAdoptedNameIsServedByItsNewAgent() {
        ana.register(narrow());
        server.infer("a");
        InferProbe queued = server.infer("a");
        ana.cut();
        ScriptedAgent bob = server.agent("bob");

        bob.register(narrow());

        bob.answer(bob.infers().get(0), "by bob");
        assertThat(queued.text()).isEqualTo("by bob");
    }

    @Test
    void aWakeGoesOn() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        Wake wake = ana.wakes().get(0);
        ana.cut();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        server.advance(Duration.ofSeconds(9));
        assertThat(infer.over()).isFalse();

        server.reconnect(ana).register(asleep("a"));

        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(ana.wakes()).containsExactly(wake);
        ana.awake(wake);
        ana.answer(ana.infers().get(0), "awake");
        assertThat(infer.text()).isEqualTo("awake");
    }

    @Test
    void aWakeThatSucceededMeanwhileIsSeenByTheOffer() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        Probe<WakeProgress> byHand = server.wake("a");
        ana.cut();

        server.reconnect(ana)
                .register(offer(LlmSpec.newBuilder().setName("a").setWakeable(true), LlmStatus.LLM_STATUS_ACTIVE));

        assertThat(byHand.completed()).isTrue();
        ana.answer(ana.infers().get(0), "awake");
        assertThat(infer.text()).isEqualTo("awake");
        assertThat(ana.wakes()).isEmpty();
    }

    @Test
    void aWakeThatFailsAfterABlipHasFailed() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        ana.cut();
        server.reconnect(ana).register(asleep("a"));
        ana.wakeFails(ana.wakes().get(0), "no light");

        assertThat(infer.reason()).isEqualTo("WAKE_FAILED");
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void aWakeWhoseTimeEndsAmidABlipHasTimedOut() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        server.advance(Duration.ofSeconds(65)); // 60 s and 10 s are its time
        ana.cut();
        server.advance(Duration.ofSeconds(5));

        assertThat(infer.reason()).isEqualTo("WAKE_TIMEOUT");
        server.reconnect(ana).register(asleep("a"));
        assertThat(ana.wakes()).isEmpty();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }

    @Test
    void aWakeWhoseLlmIsAdoptedAsleepIsLostToItsWaiters() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");
        ana.cut();
        ScriptedAgent bob = server.agent("bob");
        bob.register(asleep("a"));

        assertThat(infer.reason()).isEqualTo("AGENT_LOST");
        InferProbe next = server.infer("a");
        bob.awake(bob.wakes().get(0));
        bob.answer(bob.infers().get(0), "by bob");
        assertThat(next.text()).isEqualTo("by bob");
    }

    @Test
    void aSleepByHandGoesOn() {
        ana.register(sleepable("a"));
        Probe<Llm> byHand = server.sleep("a");
        Sleep sleep = ana.sleeps().get(0);
        ana.cut();
        assertThat(byHand.open()).isTrue();

        server.reconnect(ana)
                .register(offer(
                        LlmSpec.newBuilder().setName("a").setWakeable(true).setSleepable(true),
                        LlmStatus.LLM_STATUS_HIBERNATING));

        assertThat(ana.sleeps()).containsExactly(sleep);
        ana.rested(sleep);
        assertThat(byHand.completed()).isTrue();
        assertThat(status()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
    }
}
