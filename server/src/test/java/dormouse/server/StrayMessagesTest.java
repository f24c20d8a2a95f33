package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.InferHead;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** protocol.md, failure list, 3: what an agent says too late, twice, out of order, or of what is not its own. */
class StrayMessagesTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent agent = server.agent("ana");

    @BeforeEach
    void publish() {
        agent.register(ScriptedAgent.awake("qwen3"));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Infer begun(String text) {
        Infer task = agent.infers().get(agent.infers().size() - 1);
        agent.head(task, 200, "text/plain");
        agent.chunk(task, 0, text);
        return task;
    }

    private void assertBroken(InferProbe infer, Infer task) {
        assertThat(infer.reason()).isEqualTo("INTERNAL");
        assertThat(agent.cancelReason(task)).isEqualTo("INTERNAL");
        agent.end(task, 0);
        assertAlive();
    }

    /** The stream has not suffered, and nothing is left behind. */
    private void assertAlive() {
        int before = agent.infers().size();
        InferProbe next = server.infer("qwen3");
        agent.answer(agent.infers().get(before), "next");
        assertThat(next.text()).isEqualTo("next");
        assertThat(next.completed()).isTrue();
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void aChunkAfterTheCancelIsDropped() {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        infer.cancel();
        assertThat(agent.cancelled()).containsExactly(task.getTaskId());

        agent.chunk(task, 3, "def");
        agent.chunk(task, 1000, "a gap, too late to matter");
        agent.end(task, 6);
        agent.chunk(task, 6, "after the end of it");

        assertThat(infer.text()).isEqualTo("abc");
        assertThat(agent.cancelled()).hasSize(1);
        assertAlive();
    }

    @Test
    void aChunkAfterTheEndIsDropped() {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        agent.end(task, 3);
        agent.chunk(task, 3, "def");
        agent.end(task, 6);

        assertThat(infer.text()).isEqualTo("abc");
        assertThat(infer.completed()).isTrue();
        assertAlive();
    }

    @Test
    void aGapBreaksTheTask() {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        agent.chunk(task, 4, "e");

        assertThat(infer.text()).isEqualTo("abc");
        assertBroken(infer, task);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 1})
    void anOffsetThatCannotBeBreaksTheTask(long offset) {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        agent.chunk(task, offset, "de");

        assertBroken(infer, task);
    }

    @Test
    void aRepeatIsDroppedAndOfAnOverlapOnlyTheNewPartCounts() {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        agent.chunk(task, 0, "abc");
        agent.chunk(task, 1, "bc");
        agent.chunk(task, 2, "cde");
        agent.chunk(task, 0, "abcdef");
        agent.end(task, 6);

        assertThat(infer.text()).isEqualTo("abcdef");
        assertThat(infer.completed()).isTrue();
        assertAlive();
    }

    @Test
    void whatAnotherAgentSaysOfTheTaskIsDropped() {
        ScriptedAgent other = server.agent("bob");
        other.register(ScriptedAgent.awake("phi"));
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);

        other.head(task, 500, "text/html");
        other.chunk(task, 0, "xxx");
        other.window(task.getTaskId(), 1);
        other.end(task, 3);
        assertThat(infer.events()).allMatch(event -> event.hasPhase());

        agent.answer(task, "abc");
        assertThat(infer.text()).isEqualTo("abc");
        assertThat(infer.head().getStatus()).isEqualTo(200);
        assertThat(other.open()).isTrue();
        assertAlive();
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 4, -1})
    void anEndWithAWrongCountOfBytesIsNoWholeAnswer(long bytes) {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        agent.end(task, bytes);

        assertThat(infer.text()).isEqualTo("abc");
        assertThat(infer.reason()).isEqualTo("INTERNAL");
        assertThat(agent.cancelled()).as("the agent has ended it already").isEmpty();
        assertAlive();
    }

    @Test
    void anEndWithoutAHeadIsNoAnswer() {
        InferProbe infer = server.infer("qwen3");
        agent.end(agent.infers().get(0), 0);

        assertThat(infer.reason()).isEqualTo("INTERNAL");
        assertAlive();
    }

    @Test
    void anAnswerWithoutABodyIsOne() {
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 204, "");
        assertThat(infer.head()).as("held until the first byte, or the end").isNull();
        agent.end(task, 0);

        assertThat(infer.head().getStatus()).isEqualTo(204);
        assertThat(infer.completed()).isTrue();
    }

    @Test
    void aSecondHeadIsDropped() {
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        agent.head(task, 500, "text/html");
        agent.chunk(task, 0, "abc");
        agent.head(task, 404, "text/html");
        agent.end(task, 3);

        assertThat(infer.head().getStatus()).isEqualTo(200);
        assertThat(infer.events().stream().filter(event -> event.hasHead())).hasSize(1);
        assertThat(infer.completed()).isTrue();
    }

    @Test
    void aChunkBeforeTheHeadBreaksTheTask() {
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.chunk(task, 0, "abc");
        agent.head(task, 200, "text/plain");

        assertThat(infer.head()).isNull();
        assertBroken(infer, task);
    }

    @Test
    void anEmptyChunkBreaksTheTask() {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        agent.chunk(task, 3, "");

        assertBroken(infer, task);
    }

    @Test
    void aFrameThatIsTooLargeBreaksTheTask() {
        InferProbe infer = server.infer("qwen3");
        Infer task = begun("abc");
        agent.chunk(task, 3, ByteString.copyFrom(new byte[(16 << 10) + 1]));

        assertBroken(infer, task);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 42, 101, 600, Integer.MAX_VALUE})
    void aStatusThatIsNoneBreaksTheTask(int status) {
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, status, "text/plain");

        assertBroken(infer, task);
    }

    @Test
    void aTaskThatNeverWasIsNobodys() {
        agent.send(AgentMessage.newBuilder().setInferHead(InferHead.newBuilder().setTaskId("t-unheard-of")));
        agent.send(AgentMessage.newBuilder().setInferHead(InferHead.newBuilder().setTaskId("x".repeat(10_000))));
        agent.send(AgentMessage.newBuilder().setInferHead(InferHead.getDefaultInstance()));

        assertAlive();
    }
}
