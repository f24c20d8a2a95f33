package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dormouse.server.fleet.SessionId;
import dormouse.server.store.Database;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.LlmStatus;
import dormouse.v1.Registered;
import dormouse.v1.WakeResult;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Sessions and their streams. Failure list: 4 (late messages of a fenced stream, its close after its replacement), 5 (two
 * resumes race), 6 (wrong tokens), 8 (a session file that is lost).
 */
class SessionTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    /** Another stream with the session of {@code agent}. */
    private ScriptedAgent second(ScriptedAgent agent) {
        return server.agent("ana").sameAs(agent);
    }

    @Test
    void aNewStreamOfASessionFencesTheOlderOne() {
        Registered first = ana.register(awake("a"));
        ScriptedAgent next = second(ana);

        Registered resumed = next.register(awake("a"));

        assertThat(resumed.getEpoch()).isEqualTo(first.getEpoch() + 1);
        assertThat(resumed.getResumed()).isTrue();
        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");
        assertThat(Status.fromThrowable(ana.error()).getCode()).isEqualTo(Status.Code.ABORTED);
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.server().sessions().attached()).hasSize(1);
    }

    @Test
    void theTasksOfAFencedStreamThatItsAgentHasForgottenEndAndNewOnesGoToTheNewStream() {
        ana.register(awake("a"));
        InferProbe old = server.infer("a");
        ana.head(ana.infers().get(0), 200, "text/plain");
        ScriptedAgent next = second(ana);

        next.register(awake("a"));

        assertThat(old.reason()).isEqualTo("AGENT_LOST");
        InferProbe infer = server.infer("a");
        assertThat(ana.infers()).hasSize(1);
        next.answer(next.infers().get(0), "from the new stream");
        assertThat(infer.text()).isEqualTo("from the new stream");
    }

    @Test
    void whatAFencedStreamStillSaysIsDropped() {
        ana.register(awake("a"), asleep("b"));
        InferProbe old = server.infer("a");
        InferProbe waiting = server.infer("b");
        Infer task = ana.infers().get(0);
        String wake = ana.wakes().get(0).getTaskId();
        ScriptedAgent next = second(ana);
        server.stores().beforeTheNextCommit(() -> {
            // Amid the registration that fences it: its session has the new stream, it does not know yet.
            ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE, "b", LlmStatus.LLM_STATUS_INACTIVE);
            ana.send(AgentMessage.newBuilder()
                    .setWakeResult(WakeResult.newBuilder().setTaskId(wake)));
            ana.goodbye();
            ana.ask(awake("c"));
            ana.answer(task, "late");
        });

        next.register(awake("a"), asleep("b"), awake("new"));

        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.llm("b").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_WAKING);
        assertThat(server.llm("new").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.llms()
                        .listLlms(dormouse.v1.ListLlmsRequest.getDefaultInstance())
                        .getLlmsList())
                .hasSize(3);
        assertThat(old.over()).isFalse();
        assertThat(old.text()).isEmpty();
        assertThat(next.infers()).containsExactly(task); // of which nothing was heard, as far as the server knows
        assertThat(waiting.over()).isFalse();
        assertThat(ana.endedWith()).isEqualTo("SESSION_FENCED");
    }

    @Test
    void whatWaitedForItsTurnWhenItsStreamWasFencedIsDroppedAndCounted() {
        ana.register(awake("a"));
        ScriptedAgent next = second(ana);
        server.stores().beforeTheNextAdvance(() -> {
            ana.heartbeat("a", LlmStatus.LLM_STATUS_HIBERNATING);
            ana.goodbye();
            ana.ask(awake("c"));
        });

        next.register(awake("a"));

        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.server().fleet().all()).hasSize(1);
        assertThat(server.server().sessions().lateMessages())
                .as("the heartbeat, the goodbye, the register")
                .isEqualTo(3);
    }

    @Test
    void theEndOfAFencedStreamAfterItsReplacementChangesNothing() {
        ana.register(awake("a"));
        ScriptedAgent next = second(ana);
        server.stores().beforeTheNextCommit(ana::cut);

        next.register(awake("a"), awake("b"));
        long revision = server.server().fleet().revision();
        ana.cut();
        server.advance(Duration.ofMinutes(1));

        assertThat(next.open()).isTrue();
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        assertThat(server.server().fleet().revision()).isEqualTo(revision);
        assertThat(server.server().sessions().find(new SessionId(next.session())))
                .isNotNull();
    }

    @Test
    void aStreamThatIsCutAmidItsRegistrationLeavesNothingAttached() {
        server.stores().beforeTheNextCommit(ana::cut);

        ana.ask(awake("a"));

        assertThat(server.server().sessions().attached()).isEmpty();
        assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_INACTIVE);
    }

    @Test
    void ofTwoResumesThatRaceExactlyOneStays() throws Exception {
        ana.register(awake("a"));
        ana.cut();
        for (int round = 0; round < 20; round++) {
            List<ScriptedAgent> racers =
                    IntStream.range(0, 4).mapToObj(i -> second(ana)).toList();
            together(racers, racer -> racer.ask(awake("a")));

            await().until(() -> racers.stream().filter(ScriptedAgent::open).count() == 1
                    && racers.stream()
                            .filter(ScriptedAgent::open)
                            .noneMatch(racer -> racer.heard().isEmpty()));
            ScriptedAgent winner =
                    racers.stream().filter(ScriptedAgent::open).findFirst().orElseThrow();
            assertThat(server.server().sessions().attached())
                    .singleElement()
                    .satisfies(attached -> assertThat(attached.epoch())
                            .isEqualTo(winner.heard().get(0).getRegistered().getEpoch()));
            List<Long> epochs = racers.stream()
                    .flatMap(racer -> racer.heard().stream())
                    .map(message -> message.getRegistered().getEpoch())
                    .toList();
            assertThat(epochs).doesNotHaveDuplicates();
            assertThat(winner.heard().get(0).getRegistered().getEpoch())
                    .isGreaterThanOrEqualTo(epochs.stream().max(Long::compare).orElseThrow());
            assertThat(racers)
                    .filteredOn(racer -> !racer.open())
                    .allSatisfy(loser -> assertThat(loser.endedWith()).isEqualTo("SESSION_FENCED"));
            assertThat(server.llm("a").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
        }
    }

    private static void together(List<ScriptedAgent> agents, java.util.function.Consumer<ScriptedAgent> what)
            throws InterruptedException {
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (ScriptedAgent agent : agents) {
            Thread thread = new Thread(() -> {
                try {
                    start.await();
                    what.accept(agent);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            thread.start();
            threads.add(thread);
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void aResumeThatAnotherReplicaBeatsByAHairIsFenced() {
        Registered first = ana.register(awake("a"));
        SessionId session = new SessionId(ana.session());
        ScriptedAgent slow = second(ana);
        server.stores().beforeTheNextAdvance(() -> {
            try (Database other = Database.open(server.database(), null, null)) {
                assertThat(other.sessions()
                                .advance(
                                        session,
                                        first.getEpoch(),
                                        "ana",
                                        "1",
                                        "i",
                                        server.time().now()))
                        .isTrue();
            }
        });

        slow.ask(awake("a"));

        assertThat(slow.endedWith()).isEqualTo("SESSION_FENCED");
        ScriptedAgent again = second(ana);
        assertThat(again.register(awake("a")).getEpoch()).isEqualTo(first.getEpoch() + 2);
    }

    @Test
    void epochsGrowAcrossRestartsOfTheServer() {
        long first = ana.register(awake("a")).getEpoch();
        server.restart();
        long second = server.reconnect(ana).register(awake("a")).getEpoch();
        server.kill();
        long third = server.reconnect(ana).register(awake("a")).getEpoch();

        assertThat(List.of(first, second, third)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aWrongAnEmptyAndAForeignTokenAreTurnedAwayAndTheSessionGoesOn() {
        ana.register(awake("a"));
        ScriptedAgent bob = server.agent("bob");
        bob.register(awake("b"));
        ByteString almost = ana.token().substring(0, ana.token().size() - 1).concat(ByteString.copyFromUtf8("~"));

        for (ByteString token : List.of(almost, ByteString.EMPTY, bob.token())) {
            ScriptedAgent thief = server.agent("thief").session(ana.session(), token);
            thief.ask(awake("a"));
            assertForbidden(thief);
        }
        assertThat(ana.open()).isTrue();
        ana.heartbeat();
        assertThat(server.server().sessions().attached()).hasSize(2);
        assertThat(server.llm("a").getAgentName()).isEqualTo("ana");
    }

    private static void assertForbidden(ScriptedAgent agent) {
        assertThat(agent.endedWith()).isEqualTo("SESSION_FORBIDDEN");
        assertThat(Status.fromThrowable(agent.error()).getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(agent.heard()).isEmpty();
    }

    @Test
    void theTokenOfASessionThatIsForgottenOpensNothing() {
        ana.register();
        ana.cut();
        server.time().jump(Duration.ofDays(31));

        server.reconnect(ana).ask(awake("a"));

        assertForbidden(ana);
    }

    @Test
    void aTokenDoesNotWearOut() {
        ana.register(awake("a"));
        for (int i = 0; i < 3; i++) {
            ana.cut();
            server.advance(Duration.ofMinutes(10));
            assertThat(server.reconnect(ana).register(awake("a")).getResumed()).isTrue();
        }
    }

    @Test
    void aSessionOfADatabaseThatWasWipedIsUnknownAndItsAgentStartsAnew() {
        ScriptedAgent stranger =
                server.agent("stranger").session("s-00112233445566778899", ByteString.copyFromUtf8("ab".repeat(32)));
        stranger.ask(awake("a"));
        assertForbidden(stranger);

        Registered anew = server.reconnect(stranger).forgetSession().register(awake("a"));

        assertThat(anew.getResumed()).isFalse();
        assertThat(Grants.of(anew)).containsExactly("a CREATED");
    }

    @Test
    void aCrashThatLostTheSessionFileGetsItsNamesBackOnceTheOldStreamIsGone() {
        ana.register(awake("a"));
        ScriptedAgent restarted = server.agent("ana");
        assertThat(Grants.of(restarted.register(awake("a"), awake("b")))).containsExactly("a NAME_IN_USE", "b CREATED");
        assertThat(restarted.session()).isNotEqualTo(ana.session());

        ana.cut();

        assertThat(Grants.of(restarted.register(awake("a"), awake("b")))).containsExactly("a ADOPTED", "b REACTIVATED");
        assertThat(server.llm("a").getOwnerEpoch()).isEqualTo(2);
        assertThat(server.llm("a").getSessionId()).isEqualTo(restarted.session());
    }

    @Test
    void theFormerOwnerOfAnAdoptedNameDoesNotGetItBack() {
        ana.register(awake("a"));
        ana.cut();
        server.agent("bob").register(awake("a"));

        Registered back = server.reconnect(ana).register(awake("a"), awake("b"));

        assertThat(back.getResumed()).isTrue();
        assertThat(Grants.of(back)).containsExactly("a NAME_IN_USE", "b CREATED");
        assertThat(server.llm("a").getAgentName()).isEqualTo("bob");
    }

    @Test
    void theServerTakesSoManyAgentsAndNoMore() {
        try (Harness small = Harness.start("limits.agents=1")) {
            ScriptedAgent first = small.agent("first");
            first.register(awake("a"));
            ScriptedAgent second = small.agent("second");
            second.ask(awake("b"));

            assertThat(second.endedWith()).isEqualTo("OVERLOADED");
            ScriptedAgent again = small.agent("first").sameAs(first);
            assertThat(again.register(awake("a")).getEpoch()).isEqualTo(2);
        }
    }

    @Test
    void whatCanBeNoSessionIsRefusedAndNotLogged() {
        try (HeardLog heard = new HeardLog()) {
            for (String id : new String[] {"s-1\nERROR all is lost", "s 1", "\u2028", "s".repeat(65)}) {
                ScriptedAgent forger = server.agent("forger").session(id, ByteString.copyFromUtf8("ab"));
                forger.ask(awake("a"));
                assertThat(forger.error()).hasMessageContaining("Register.session_id: 1 to 64 of");
            }
            assertThat(heard.text()).doesNotContain("all is lost");
        }
    }
}
