package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dormouse.contract.Problems;
import dormouse.server.fleet.LlmName;
import dormouse.v1.ChatMessage;
import dormouse.v1.ChatRequest;
import dormouse.v1.Deadlines;
import dormouse.v1.GetLlmRequest;
import dormouse.v1.Infer;
import dormouse.v1.InferEvent;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An infer on a pool's name: which member answers it, what it waits for, and whom it wakes. */
class PoolTest {
    private static final LlmName SHARED = new LlmName("shared");
    private static final String HI = "{\"role\":\"user\",\"content\":\"hi\"}";
    private static final String MORE =
            ",{\"role\":\"assistant\",\"content\":\"hello\"},{\"role\":\"user\",\"content\":\"well?\"}";

    private final Harness server = Harness.start("limits.queuePerLlm=2", "limits.waitersPerLlm=6");
    private final ScriptedAgent ana = server.agent("ana");
    private final ScriptedAgent bob = server.agent("bob");

    @AfterEach
    void close() {
        server.close();
    }

    static LlmOffer member(String name, int concurrency, boolean awake) {
        return ScriptedAgent.offer(
                LlmSpec.newBuilder()
                        .setName(name)
                        .setPool("shared")
                        .setConcurrency(concurrency)
                        .setWakeable(true),
                awake ? LlmStatus.LLM_STATUS_ACTIVE : LlmStatus.LLM_STATUS_HIBERNATING);
    }

    private void publish(int concurrency, boolean anaIsAwake, boolean bobIsAwake) {
        ana.register(member("a", concurrency, anaIsAwake));
        bob.register(member("b", concurrency, bobIsAwake));
    }

    private List<InferProbe> infers(int count) {
        List<InferProbe> infers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            infers.add(server.infer("shared"));
        }
        return infers;
    }

    /** Each task that an agent has got so far is answered. */
    private static void answerAll(ScriptedAgent agent, int from) {
        List<Infer> tasks = agent.infers();
        tasks.subList(from, tasks.size()).forEach(task -> agent.answer(task, "by " + task.getLlm()));
    }

    private static List<String> members(InferProbe infer) {
        return infer.events().stream()
                .filter(InferEvent::hasPhase)
                .map(event -> event.getPhase().getLlm())
                .toList();
    }

    private void nothingIsLeft() {
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
        assertThat(server.relay().lines()).isEmpty();
        for (String name : List.of("a", "b")) {
            assertThat(server.relay().running(new LlmName(name))).isZero();
            assertThat(server.server().wakeGate().waiting(new LlmName(name))).isZero();
        }
    }

    @Test
    void aHundredTasksSpreadOverItsMembers() {
        publish(4, true, true);
        TreeMap<String, Integer> answers = new TreeMap<>();
        ana.onInfer(task -> ana.answer(task, "ana"));
        bob.onInfer(task -> bob.answer(task, "bob"));
        infers(100).forEach(infer -> answers.merge(infer.text(), 1, Integer::sum));

        assertThat(answers).containsOnlyKeys("ana", "bob");
        assertThat(answers.values()).allMatch(count -> count >= 40);
        nothingIsLeft();
    }

    @Test
    void theOneWithMoreRoomGetsMore() {
        ana.register(member("a", 2, true));
        bob.register(member("b", 8, true));
        List<InferProbe> infers = infers(10);

        assertThat(ana.infers()).hasSize(2);
        assertThat(bob.infers()).hasSize(8);
        assertThat(infers.get(0).phases()).containsExactly(Phase.Kind.KIND_DISPATCHED);
        assertThat(members(infers.get(0))).containsExactly("b");
        assertThat(bob.infers()).allMatch(task -> task.getLlm().equals("b"));
    }

    @Test
    void whatIsAskedOfAMemberByItsOwnNameCountsAndStaysThere() {
        publish(2, true, true);
        server.infer("a");
        server.infer("a");
        infers(2);
        assertThat(ana.infers()).hasSize(2);
        assertThat(bob.infers()).hasSize(2);

        InferProbe own = server.infer("a");
        InferProbe any = server.infer("shared");
        bob.answer(bob.infers().get(0), "bob");
        assertThat(any.phases()).endsWith(Phase.Kind.KIND_DISPATCHED);
        assertThat(own.phases()).containsExactly(Phase.Kind.KIND_QUEUED);
    }

    @Test
    void aConversationStaysWhileItsMemberHasRoom() {
        publish(2, true, true);
        server.infer("shared", "{\"messages\":[" + HI + "]}");
        boolean byAna = ana.infers().size() == 1;
        ScriptedAgent first = byAna ? ana : bob;
        ScriptedAgent other = byAna ? bob : ana;
        answerAll(first, 0);
        StringBuilder said = new StringBuilder(HI);
        for (int turn = 0; turn < 9; turn++) {
            said.append(MORE);
            server.infer("shared", "{\"messages\":[" + said + "]}");
            answerAll(first, turn + 1);
        }
        assertThat(first.infers()).hasSize(10);

        server.infer(byAna ? "a" : "b");
        server.infer(byAna ? "a" : "b");
        said.append(MORE);
        server.infer("shared", "{\"messages\":[" + said + "]}");
        assertThat(other.infers()).as("its member is full: it moves").hasSize(1);
        answerAll(first, 10);
        answerAll(other, 0);
        said.append(MORE);
        server.infer("shared", "{\"messages\":[" + said + "]}");
        assertThat(other.infers()).as("and stays where it is now").hasSize(2);
    }

    @Test
    void aTypedChatIsAConversationToo() {
        publish(4, true, true);
        ana.onInfer(task -> ana.answer(task, "{}"));
        bob.onInfer(task -> bob.answer(task, "{}"));
        ChatRequest.Builder chat = ChatRequest.newBuilder()
                .setLlm("shared")
                .addMessages(ChatMessage.newBuilder().setRole("user").setContent("hi"));
        for (int turn = 0; turn < 6; turn++) {
            server.chat(chat);
            chat.addMessages(ChatMessage.newBuilder().setRole("assistant").setContent("hello"))
                    .addMessages(ChatMessage.newBuilder().setRole("user").setContent("well?"));
        }
        assertThat(ana.infers().size() * bob.infers().size()).as("all by one").isZero();
    }

    @Test
    void aSleeperIsWokenWhenTheActiveOnesAreFullAndNotBefore() {
        publish(2, true, false);
        infers(2);
        assertThat(bob.wakes()).isEmpty();

        InferProbe third = server.infer("shared");
        assertThat(bob.wakes()).hasSize(1);
        assertThat(third.phases()).containsExactly(Phase.Kind.KIND_WAKING);
        assertThat(members(third)).containsExactly("b");

        bob.awake(bob.wakes().get(0));
        answerAll(bob, 0);
        assertThat(third.text()).isEqualTo("by b");
    }

    @Test
    void whoWaitsForAWakeTakesASlotThatIsFreeBefore() {
        publish(1, true, false);
        infers(1);
        InferProbe waits = server.infer("shared");
        assertThat(waits.phases()).containsExactly(Phase.Kind.KIND_WAKING);

        answerAll(ana, 0);
        answerAll(ana, 1);
        assertThat(waits.text()).isEqualTo("by a");
        assertThat(waits.finished()).isNotNull();
        bob.awake(bob.wakes().get(0));
        assertThat(bob.infers()).isEmpty();
        nothingIsLeft();
    }

    @Test
    void noMoreAreWokenThanABurstNeeds() {
        ScriptedAgent cleo = server.agent("cleo");
        cleo.register(member("c", 3, false));
        publish(3, false, false);
        server.lane().hold(); // no wake is on disk yet while they come
        List<InferProbe> burst = infers(3);
        server.lane().letGo();
        assertThat(List.of(ana.wakes().size(), bob.wakes().size(), cleo.wakes().size()))
                .containsExactlyInAnyOrder(1, 0, 0);

        burst.addAll(infers(1));
        assertThat(ana.wakes().size() + bob.wakes().size() + cleo.wakes().size())
                .isEqualTo(2);
        burst.addAll(infers(5 + 9));
        assertThat(ana.wakes().size() + bob.wakes().size() + cleo.wakes().size())
                .isEqualTo(3);
        assertThat(burst.subList(0, 18)).as("six for each").noneMatch(InferProbe::over);
        assertThat(server.infer("shared").reason()).isEqualTo("QUEUE_FULL");

        for (ScriptedAgent agent : List.of(ana, bob, cleo)) {
            agent.onInfer(task -> agent.answer(task, "done"));
            agent.awake(agent.wakes().get(0));
        }
        assertThat(burst).allMatch(InferProbe::completed);
        nothingIsLeft();
    }

    @Test
    void itsLineIsBoundedByAQueueForEachActiveMember() {
        publish(1, true, true);
        List<InferProbe> infers = infers(6);
        assertThat(infers).noneMatch(InferProbe::over);
        InferProbe refused = server.infer("shared");
        assertThat(refused.reason()).isEqualTo("QUEUE_FULL");
        assertThat(refused.retryAfter()).isNotNull();
        assertThat(members(infers.get(5))).containsExactly("shared");
        assertThat(server.relay().lines()).containsExactly(entry(SHARED, 4));

        answerAll(bob, 0);
        assertThat(infers.get(2).phases()).containsExactly(Phase.Kind.KIND_QUEUED, Phase.Kind.KIND_DISPATCHED);
        assertThat(infers.get(3).phases()).containsExactly(Phase.Kind.KIND_QUEUED);
        for (int i = 0; i < 3; i++) {
            answerAll(ana, ana.infers().size() - 1);
            answerAll(bob, bob.infers().size() - 1);
        }
        assertThat(infers).allMatch(InferProbe::completed);
        nothingIsLeft();
    }

    @Test
    void whoCameFirstGoesFirstWhetherItAsksForTheMemberOrThePool() {
        ana.register(member("a", 1, true));
        server.infer("a");
        InferProbe second = server.infer("shared", "{\"n\":2}");
        InferProbe third = server.infer("a", "{\"n\":3}");
        InferProbe fourth = server.infer("shared", "{\"n\":4}");
        for (int i = 0; i < 4; i++) {
            answerAll(ana, i);
        }
        assertThat(List.of(second, third, fourth)).allMatch(InferProbe::completed);
        assertThat(ana.infers().stream().skip(1).map(task -> ana.input(task).toStringUtf8()))
                .containsExactly("{\"n\":2}", "{\"n\":3}", "{\"n\":4}");
    }

    @Test
    void aMemberThatComesTakesFromTheLine() {
        ana.register(member("a", 1, true));
        List<InferProbe> infers = infers(3);
        bob.register(member("b", 1, true));
        assertThat(bob.infers()).hasSize(1);
        assertThat(infers.get(1).phases()).endsWith(Phase.Kind.KIND_DISPATCHED);
        assertThat(infers.get(2).phases()).containsExactly(Phase.Kind.KIND_QUEUED);
    }

    @Test
    void aSleeperThatComesIsWokenForTheLine() {
        ana.register(member("a", 1, true));
        List<InferProbe> infers = infers(3);
        bob.register(member("b", 4, false));
        assertThat(bob.wakes()).hasSize(1);
        bob.onInfer(task -> bob.answer(task, "bob"));
        bob.awake(bob.wakes().get(0));
        assertThat(infers.subList(1, 3)).allMatch(InferProbe::completed);
    }

    @Test
    void aMemberThatSaysItSleepsIsLeftForAnother() {
        publish(1, true, true);
        InferProbe infer = server.infer("shared");
        ScriptedAgent first = ana.infers().isEmpty() ? bob : ana;
        ScriptedAgent other = first == ana ? bob : ana;
        first.end(
                first.infers().get(0),
                0,
                Problems.status(io.grpc.Status.Code.UNAVAILABLE, "NOT_AWAKE", "has been put to sleep"));
        answerAll(other, 0);
        assertThat(infer.completed()).isTrue();
        assertThat(first.wakes()).isEmpty();
        nothingIsLeft();
    }

    @Test
    void theQueuesClockRunsOnWhileTheFleetChanges() {
        ana.register(member("a", 1, true));
        List<InferProbe> infers = infers(2);
        server.advance(Duration.ofSeconds(20));
        server.reconnect(bob).register(member("b", 1, true), ScriptedAgent.awake("other"));
        InferProbe third = server.infer("shared");
        server.advance(Duration.ofSeconds(9));
        bob.register(member("b", 1, true));
        assertThat(third.over()).isFalse();
        server.advance(Duration.ofSeconds(1));
        assertThat(infers.get(1).over()).as("it went to b").isFalse();
        server.advance(Duration.ofSeconds(20));
        assertThat(third.reason()).isEqualTo("QUEUE_TIMEOUT");
        assertThat(third.message()).contains("shared");
    }

    @Test
    void askedForAsIfItWereAnLlmItNamesItsOwn() {
        publish(1, true, false);

        assertThatThrownBy(() -> server.llms()
                        .getLlm(GetLlmRequest.newBuilder().setName("shared").build()))
                .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("LLM_NOT_FOUND"))
                .hasMessageContaining("shared is a pool, to which infers alone can go; of its Llms: a, b");
    }

    @Test
    void allAwayItIsInactiveAndAskedForNobodyItIsNotThere() {
        publish(1, true, true);
        infers(2);
        List<InferProbe> waiting = infers(2);
        ana.register();
        assertThat(waiting).noneMatch(InferProbe::over);
        bob.register();

        assertThat(waiting).allMatch(infer -> infer.reason().equals("LLM_INACTIVE"));
        InferProbe later = server.infer("shared");
        assertThat(later.reason()).isEqualTo("LLM_INACTIVE");
        assertThat(later.message()).contains("shared", "pool of 2");
        assertThat(later.retryAfter()).isNotNull();
        assertThat(server.infer("sharde").reason()).isEqualTo("LLM_NOT_FOUND");

        server.advance(Duration.ofHours(5));
        assertThat(server.infer("shared").reason()).isEqualTo("LLM_NOT_FOUND");
        answerAll(ana, 0);
        answerAll(bob, 0);
        nothingIsLeft();
    }

    @Test
    void aPoolThatLosesItsLastMemberToAnotherNameIsGoneForThoseWhoWait() {
        ana.register(member("a", 1, true));
        List<InferProbe> infers = infers(2);
        ana.register(ScriptedAgent.awake("a"));
        assertThat(infers.get(1).reason()).isEqualTo("LLM_NOT_FOUND");
        answerAll(ana, 0);
        assertThat(infers.get(0).completed()).isTrue();
        nothingIsLeft();
    }

    @Test
    void aPoolIsThereAfterARestart() {
        publish(1, true, true);
        server.restart();
        assertThat(server.infer("shared").reason()).isEqualTo("LLM_INACTIVE");
        server.reconnect(ana).register(member("a", 1, true));
        InferProbe infer = server.infer("shared");
        answerAll(ana, 0);
        assertThat(infer.text()).isEqualTo("by a");
    }

    @Test
    void itIsNoLlmToGetOrToWake() {
        publish(1, true, false);
        assertThatThrownBy(() -> server.llm("shared"))
                .satisfies(e -> assertThat(Problems.reason(e)).isEqualTo("LLM_NOT_FOUND"));
        assertThat(server.wake("shared").reason()).isEqualTo("LLM_NOT_FOUND");
        assertThat(bob.wakes()).isEmpty();
    }

    @Test
    void clientsThatLeaveLeaveNothing() {
        publish(1, true, false);
        int alarms = server.time().alarms();
        List<InferProbe> infers = infers(4); // one runs, three wait for the wake
        infers.forEach(InferProbe::cancel);
        ana.end(ana.infers().get(0), 0, Problems.status(io.grpc.Status.Code.CANCELLED, "CLIENT_GONE", "gone"));
        nothingIsLeft();
        bob.awake(bob.wakes().get(0));
        assertThat(bob.infers()).isEmpty();
        assertThat(server.time().alarms()).isEqualTo(alarms);
    }

    @Test
    void aRequestThatWaitsTooShortForAWakeSaysSo() {
        publish(1, false, false);
        Deadlines.Builder soon = Deadlines.newBuilder()
                .setWake(com.google.protobuf.Duration.newBuilder().setSeconds(5));
        InferProbe infer = server.infer("shared", soon);
        server.advance(Duration.ofSeconds(5));
        assertThat(infer.reason()).isEqualTo("WAKE_TIMEOUT");
        nothingIsLeft();
    }
}
