package dormouse.server.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.Harness;
import dormouse.server.InferProbe;
import dormouse.server.ScriptedAgent;
import dormouse.server.control.Head;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.TaskId;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The client becomes ready in the very moment in which its task is dispatched and an agent answers: the bytes of the
 * answer are in the mailbox before the task has come to look at its head.
 */
class AnswerBeforeItsTurnTest {
    private static final class BusyClient implements Client {
        private final List<String> told = new ArrayList<>();
        private Runnable onDispatch = () -> {};

        @Override
        public void phase(Phase phase) {
            told.add(phase.kind().name());
            if (phase.kind() == Phase.Kind.DISPATCHED) {
                onDispatch.run();
            }
        }

        @Override
        public void head(TaskId task, Head head) {
            told.add("head " + head.status());
        }

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void chunk(ByteBuffer data) {
            told.add(StandardCharsets.UTF_8.decode(data).toString());
        }

        @Override
        public void finished(Summary summary) {
            told.add("finished");
        }

        @Override
        public void failed(Failure why) {
            told.add(why.reason() + " " + why.message());
        }
    }

    private static InferCall call() {
        ByteBuffer input = ByteBuffer.allocate(0).asReadOnlyBuffer();
        return new InferCall(
                new LlmName("qwen3"), "chat/completions", "application/json", input, Map.of(), Deadlines.DEFAULT, "");
    }

    @Test
    void anAnswerThatIsFasterThanItsTaskIsAnAnswer() {
        try (Harness server = Harness.start()) {
            ScriptedAgent agent = server.agent("ana");
            agent.register(ScriptedAgent.offer(
                    LlmSpec.newBuilder().setName("qwen3").setConcurrency(1), LlmStatus.LLM_STATUS_ACTIVE));
            InferProbe first = server.infer("qwen3"); // holds the slot
            BusyClient client = new BusyClient();
            Task task = server.relay().infer(call(), client);
            client.onDispatch = task::ready;
            agent.onInfer(infer -> {
                agent.head(infer, 200, "text/plain");
                agent.chunk(infer, 0, "at once");
            });

            first.cancel();
            server.advance(TaskFlow.CANCEL_PATIENCE); // the slot is free by the clock, in nobody's call
            agent.end(agent.infers().get(1), 7);

            assertThat(client.told).containsExactly("QUEUED", "DISPATCHED", "head 200", "at once", "finished");
        }
    }
}
