package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dormouse.v1.Llm;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import dormouse.v1.ServerMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A name that another session has. Failure list: 9. */
class ForeignRegisterTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");
    private final ScriptedAgent bob = server.agent("bob");

    @AfterEach
    void close() {
        server.close();
    }

    private void assertRefusedAndUntouched(String reason) {
        Llm before = server.llm("a");

        Registered registered = bob.register(awake("a"), awake("b"));

        assertThat(Grants.of(registered)).containsExactly("a " + reason, "b CREATED");
        assertThat(server.llm("a")).isEqualTo(before);
    }

    private void assertAdopted() {
        Llm before = server.llm("a");

        Registered registered = bob.register(awake("a"), awake("b"));

        assertThat(Grants.of(registered)).containsExactly("a ADOPTED", "b CREATED");
        Llm after = server.llm("a");
        assertThat(after.getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(after.getSessionId()).isEqualTo(bob.session());
        assertThat(after.getOwnerEpoch()).isEqualTo(before.getOwnerEpoch() + 1);
        assertThat(after.getCreateTime()).isEqualTo(before.getCreateTime());
        assertThat(registered.getGrants(0).getOwnerEpoch()).isEqualTo(after.getOwnerEpoch());
        InferProbe infer = server.infer("a");
        bob.answer(bob.infers().get(0), "from bob");
        assertThat(infer.text()).isEqualTo("from bob");
    }

    @Test
    void anActiveNameIsRefused() {
        ana.register(awake("a"));
        assertRefusedAndUntouched("NAME_IN_USE");
    }

    @Test
    void aHibernatingNameIsRefused() {
        ana.register(asleep("a"));
        assertRefusedAndUntouched("NAME_IN_USE");
    }

    @Test
    void aWakingNameIsRefusedAndItsWakeGoesOn() {
        ana.register(asleep("a"));
        InferProbe infer = server.infer("a");

        assertRefusedAndUntouched("NAME_IN_USE");

        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        ana.awake(ana.wakes().get(0));
        ana.answer(ana.infers().get(0), "from ana");
        assertThat(infer.text()).isEqualTo("from ana");
    }

    @Test
    void aPublicNameIsRefused() {
        Elsewhere.declare(server, "a");
        server.restart();
        server.reconnect(bob);
        assertRefusedAndUntouched("NAME_IS_PUBLIC");
    }

    @Test
    void aNameWhoseBackendIsDownWhileItsAgentLivesIsRefused() {
        ana.register(awake("a"));
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        assertRefusedAndUntouched("NAME_IN_USE");
    }

    @Test
    void aNameWhoseAgentIsLostIsAdopted() {
        ana.register(awake("a"));
        ana.cut();
        assertAdopted();
    }

    @Test
    void aNameWhoseAgentSaidGoodbyeIsAdopted() {
        ana.register(awake("a"));
        ana.goodbye();
        assertAdopted();
    }

    @Test
    void aWithdrawnNameIsAdopted() {
        ana.register(awake("a"), awake("c"));
        ana.register(awake("c"));
        assertAdopted();
        assertThat(ana.open()).isTrue();
    }

    @Test
    void aNameWhoseServerWasKilledIsAdopted() {
        ana.register(awake("a"));
        server.kill();
        server.reconnect(bob);
        assertAdopted();
    }

    @Test
    void aNameWhoseAgentIsSilentIsAdoptedAndWhatThatAgentSaysLaterChangesNothing() {
        ana.register(awake("a"));
        server.advance(Duration.ofSeconds(106));
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
        server.reconnect(bob); // a stream that has not registered in time is closed
        assertAdopted();
        Llm adopted = server.llm("a");

        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        ana.goodbye();
        ana.cut();

        assertThat(server.llm("a")).isEqualTo(adopted);
    }

    @Test
    void theTasksOfAWithdrawnNameFinishWithItsFormerOwner() {
        ana.register(awake("a"));
        InferProbe old = server.infer("a");
        ana.register();
        bob.register(awake("a"));
        InferProbe fresh = server.infer("a");

        ana.answer(ana.infers().get(0), "from ana");
        bob.answer(bob.infers().get(0), "from bob");

        assertThat(old.text()).isEqualTo("from ana");
        assertThat(fresh.text()).isEqualTo("from bob");
    }

    @Test
    void ofTwoAdoptersThatRaceForOneNameOneGetsIt() throws Exception {
        for (int round = 0; round < 20; round++) {
            String name = "n" + round;
            ScriptedAgent owner = server.agent("owner");
            owner.register(awake(name));
            owner.cut();
            CyclicBarrier start = new CyclicBarrier(2);
            List<ScriptedAgent> adopters = List.of(server.agent("one"), server.agent("two"));
            List<Thread> threads = new ArrayList<>();
            for (ScriptedAgent adopter : adopters) {
                Thread thread = new Thread(() -> {
                    try {
                        start.await();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                    adopter.ask(awake(name));
                });
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }

            await().until(() -> adopters.stream()
                    .allMatch(adopter -> adopter.heard().stream().anyMatch(ServerMessage::hasRegistered)));
            assertThat(adopters.stream()
                            .map(adopter -> Grants.of(
                                    adopter.last(ServerMessage::hasRegistered).getRegistered())))
                    .containsExactlyInAnyOrder(List.of(name + " ADOPTED"), List.of(name + " NAME_IN_USE"));
            assertThat(server.llm(name).getOwnerEpoch()).isEqualTo(2);
        }
    }

    @Test
    void anAdopterThatAnotherReplicaBeatsByAHairIsRefused() {
        ana.register(awake("a"));
        ana.cut();
        server.stores().beforeTheNextCommit(() -> Elsewhere.adopt(server, "a"));

        Registered registered = bob.register(awake("a"), awake("b"));

        assertThat(Grants.of(registered)).containsExactly("a NAME_IN_USE", "b CREATED");
        assertThat(server.llm("a").getAgentName()).isEqualTo("elsewhere");
    }
}
