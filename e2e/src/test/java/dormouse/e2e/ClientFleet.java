package dormouse.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;

/**
 * What clients of other people's making are let loose on: a server, an agent, and Llms in every condition. All of them
 * are {@link ScriptedModel}s: {@code scripted} is awake; {@code sleepy} sleeps, and boots when the test opens it;
 * {@code grumpy} boots at the third attempt; {@code herd} is a second sleepy one; {@code away} is INACTIVE.
 */
final class ClientFleet implements AutoCloseable {
    private final ServerProcess server;
    private final FakeBackend scripted = FakeBackend.awake(new ScriptedModel());
    private final FakeBackend sleepy = FakeBackend.asleep(new ScriptedModel());
    private final FakeBackend grumpy = FakeBackend.asleep(new ScriptedModel());
    private final FakeBackend herd = FakeBackend.asleep(new ScriptedModel());
    private final AgentProcess agent;

    private ClientFleet(Path directory) {
        sleepy.wakeAnswers(202); // the recipe succeeds, nothing boots until the test says so
        herd.wakeAnswers(202);
        grumpy.wakeFails(2);
        server = ServerProcess.start(directory);
        try (AgentProcess gone =
                AgentProcess.start(directory, "gone", server.address(), named(scripted.llm("away", 4)))) {
            server.awaitStatus("away", "ACTIVE");
            assertThat(gone.program().alive()).isTrue();
        }
        agent = AgentProcess.start(
                directory,
                "ana",
                server.address(),
                named(scripted.llm("scripted", 16))
                        + named(sleepy.wakeableLlm("sleepy", 16))
                        + named(grumpy.wakeableLlm("grumpy", 16))
                        + named(herd.wakeableLlm("herd", 16)));
        server.awaitStatus("scripted", "ACTIVE");
        server.awaitStatus("herd", "HIBERNATING");
        server.awaitStatus("away", "INACTIVE");
    }

    static ClientFleet start(Path directory) {
        return new ClientFleet(directory);
    }

    private static String named(String llm) {
        return llm + "  model: " + ScriptedModel.MODEL + "\n";
    }

    /** The one thing that a client is told. */
    String baseUrl() {
        return server.http() + "/v1";
    }

    /** For clients that add {@code /v1} themselves. */
    String bareUrl() {
        return server.http();
    }

    ServerProcess server() {
        return server;
    }

    FakeBackend scripted() {
        return scripted;
    }

    FakeBackend grumpy() {
        return grumpy;
    }

    FakeBackend sleepy() {
        return sleepy;
    }

    FakeBackend herd() {
        return herd;
    }

    /** What {@code scripted} was asked last. */
    FakeBackend.Exchange last() {
        return scripted.exchanges().get(scripted.exchanges().size() - 1);
    }

    /** Until the backend has lost the client of its last request. */
    void awaitAbort(int before) throws InterruptedException {
        await().atMost(ServerProcess.PATIENCE).until(() -> scripted.exchanges().size() > before);
        assertThat(scripted.exchanges().get(before).clientLeft(30))
                .as("the backend sees its connection end")
                .isTrue();
    }

    @Override
    public void close() {
        agent.close();
        scripted.close();
        sleepy.close();
        grumpy.close();
        herd.close();
        server.close();
    }
}
