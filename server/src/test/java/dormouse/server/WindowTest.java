package dormouse.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.v1.Infer;
import dormouse.v1.InferRequest;
import dormouse.v1.ServerMessage;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** protocol.md, failure list, 2: a window bounds what is on its way, in both directions, whatever a peer does. */
class WindowTest {
    private static final int WINDOW = 64 << 10;
    private static final int FRAME = 16 << 10;
    private static final ByteString PIECE = ByteString.copyFrom(new byte[FRAME]);

    private final Harness server = Harness.start("limits.windowBytes=64KiB");

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void anAgentThatOverrunsAWindowLosesThatTaskAndKeepsItsStream() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        InferProbe stuck = server.slowInfer("qwen3", 1);
        InferProbe sibling = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        for (int i = 0; i < WINDOW / FRAME; i++) {
            agent.chunk(task, (long) i * FRAME, PIECE);
        }
        assertThat(agent.cancelled()).as("a full window is no overrun").isEmpty();

        agent.chunk(task, WINDOW, "x");
        stuck.take(10);

        assertThat(agent.cancelReason(task)).isEqualTo("WINDOW_OVERRUN");
        assertThat(stuck.reason()).isEqualTo("INTERNAL");
        agent.heartbeat();
        assertThat(agent.acks()).isEqualTo(1);
        agent.answer(agent.infers().get(1), "fine");
        assertThat(sibling.text()).isEqualTo("fine");
        agent.end(task, WINDOW + 1);
        assertThat(server.remains().values()).allMatch(count -> count.longValue() == 0);
    }

    @Test
    void whatIsConsumedIsSaidAbsoluteAndNeverFalls() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        InferProbe infer = server.infer("qwen3");
        Infer task = agent.infers().get(0);
        agent.head(task, 200, "text/plain");
        int pieces = 100;
        for (int i = 0; i < pieces; i++) {
            agent.chunk(task, (long) i * FRAME, PIECE);
        }

        List<Long> said = agent.heard().stream()
                .filter(ServerMessage::hasWindow)
                .map(message -> message.getWindow().getConsumed())
                .toList();
        assertThat(said).isSorted().doesNotHaveDuplicates();
        assertThat(said.get(said.size() - 1)).isBetween((long) pieces * FRAME - WINDOW / 2, (long) pieces * FRAME);
        assertThat(said.size()).as("not a message for each chunk").isLessThanOrEqualTo(pieces / 2);
        agent.end(task, (long) pieces * FRAME);
        assertThat(infer.completed()).isTrue();
    }

    @Test
    void aBodyOfTwentyMegabytesDelaysNeitherAckNorWake() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"), ScriptedAgent.asleep("phi"));
        byte[] body = new byte[20_000_000];
        new Random(7).nextBytes(body);
        server.infer(InferRequest.newBuilder()
                .setLlm("qwen3")
                .setInput(ByteString.copyFrom(body))
                .build());
        Infer task = agent.infers().get(0);
        assertThat(task.getInputBytes()).isEqualTo(body.length);
        assertThat(agent.input(task).size()).as("a window of it, no more").isEqualTo(WINDOW);

        agent.heartbeat();
        server.infer("phi");
        assertThat(agent.acks()).isEqualTo(1);
        assertThat(agent.wakes()).hasSize(1);

        for (long taken = WINDOW; taken < body.length; taken += WINDOW) {
            agent.window(task.getTaskId(), taken);
        }
        assertThat(agent.input(task)).isEqualTo(ByteString.copyFrom(body));
        List<ServerMessage> frames =
                agent.heard().stream().filter(ServerMessage::hasInferInput).toList();
        assertThat(frames)
                .allMatch(frame -> frame.getInferInput().getData().size() <= FRAME)
                .filteredOn(frame -> frame.getInferInput().getLast())
                .containsExactly(frames.get(frames.size() - 1));
    }

    @Test
    void controlMessagesGoFirstWhenTheAgentReadsSlowly() {
        ScriptedAgent agent = server.slowAgent("ana", 1);
        agent.register(ScriptedAgent.awake("qwen3"));
        server.infer(InferRequest.newBuilder()
                .setLlm("qwen3")
                .setInput(ByteString.copyFrom(new byte[WINDOW]))
                .build());
        agent.take(1);
        assertThat(agent.infers()).hasSize(1);

        agent.heartbeat();
        agent.take(1);
        assertThat(agent.acks()).as("before a byte of the input").isEqualTo(1);
        agent.take(4);
        assertThat(agent.input(agent.infers().get(0)).size()).isEqualTo(WINDOW);
    }

    @Test
    void inputsOfSeveralTasksTakeTurns() {
        ScriptedAgent agent = server.slowAgent("ana", 1);
        agent.register(ScriptedAgent.awake("qwen3"));
        for (int i = 0; i < 3; i++) {
            server.infer(InferRequest.newBuilder()
                    .setLlm("qwen3")
                    .setInput(ByteString.copyFrom(new byte[2 * FRAME]))
                    .build());
        }
        agent.take(3 + 6);

        List<String> order = agent.heard().stream()
                .filter(ServerMessage::hasInferInput)
                .map(message -> message.getInferInput().getTaskId())
                .toList();
        List<String> tasks = agent.infers().stream().map(Infer::getTaskId).toList();
        assertThat(order)
                .containsExactly(tasks.get(0), tasks.get(1), tasks.get(2), tasks.get(0), tasks.get(1), tasks.get(2));
    }

    @Test
    void staleAndSenselessWindowsDoNoHarm() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        server.infer(InferRequest.newBuilder()
                .setLlm("qwen3")
                .setInput(ByteString.copyFrom(new byte[10 * WINDOW]))
                .build());
        Infer task = agent.infers().get(0);

        agent.window(task.getTaskId(), -1);
        agent.window(task.getTaskId(), Long.MIN_VALUE);
        agent.window("no-such-task", 5);
        agent.window("", 5);
        assertThat(agent.input(task).size()).isEqualTo(WINDOW);
        agent.window(task.getTaskId(), 100);
        agent.window(task.getTaskId(), 50);
        agent.window(task.getTaskId(), 100);
        assertThat(agent.input(task).size()).isEqualTo(WINDOW + 100);
        agent.window(task.getTaskId(), Long.MAX_VALUE);
        assertThat(agent.input(task).size())
                .as("more than was sent can't be consumed")
                .isEqualTo(2 * WINDOW + 100);
        assertThat(agent.open()).isTrue();
    }

    @Test
    void anEmptyBodyIsOneLastFrame() {
        ScriptedAgent agent = server.agent("ana");
        agent.register(ScriptedAgent.awake("qwen3"));
        server.infer(InferRequest.newBuilder().setLlm("qwen3").build());

        ServerMessage frame = agent.last(ServerMessage::hasInferInput);
        assertThat(frame.getInferInput().getLast()).isTrue();
        assertThat(frame.getInferInput().getData()).isEmpty();
        assertThat(agent.infers().get(0).getInputBytes()).isZero();
    }
}
