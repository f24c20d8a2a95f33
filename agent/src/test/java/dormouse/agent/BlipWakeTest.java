package dormouse.agent;

import static dormouse.agent.BlipScene.registration;
import static org.assertj.core.api.Assertions.assertThat;

import dormouse.agent.ScriptedServer.Peer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.LlmStatus;
import dormouse.v1.ServerMessage;
import dormouse.v1.Wake;
import dormouse.v1.WakeResult;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that are lost while a model is woken. */
class BlipWakeTest {
    private final BlipScene scene = new BlipScene();

    @AfterEach
    void close() {
        scene.close();
    }

    private static final Recipe BOOT = new Recipe.Command("boot", List.of());

    private LlmConfig sleeper() {
        scene.up = false;
        return new LlmConfig(
                "qwen",
                URI.create("http://x/v1"),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(2)),
                new LlmConfig.Wake(BOOT, Duration.ofSeconds(60)),
                null,
                null);
    }

    private static WakeResult result(Peer peer) {
        return peer.await(AgentMessage::hasWakeResult, "the wake's result").getWakeResult();
    }

    private void wake(Peer peer) {
        scene.send(
                peer,
                ServerMessage.newBuilder()
                        .setWake(Wake.newBuilder().setTaskId("w").setLlm("qwen")));
    }

    @Test
    void a_wake_goes_on_and_is_joined_on_the_next_stream() {
        Peer peer = scene.attach(sleeper());
        wake(peer);
        assertThat(scene.recipes).hasSize(1);
        scene.lose(peer);
        Peer next = scene.server.accept();
        assertThat(registration(next).getLlms(0).getInitialStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        wake(next);
        scene.up = true;
        scene.recipes.get(0).complete(null);
        scene.loop.advance(Duration.ofSeconds(1));

        assertThat(result(next).hasError()).isFalse();
        assertThat(scene.recipes).hasSize(1);
    }

    @Test
    void a_wake_that_failed_meanwhile_is_not_run_again() {
        Peer peer = scene.attach(sleeper());
        wake(peer);
        scene.lose(peer);
        scene.recipes.get(0).completeExceptionally(new RecipeFailed("no light", "no light"));
        scene.loop.run();
        Peer next = scene.server.accept();
        wake(next);

        assertThat(Problems.reason(result(next).getError())).isEqualTo("WAKE_FAILED");
        assertThat(scene.recipes).hasSize(1);
    }
}
