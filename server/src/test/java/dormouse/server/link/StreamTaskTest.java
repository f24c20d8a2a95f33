package dormouse.server.link;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.server.control.Head;
import dormouse.server.control.InferOrder;
import dormouse.server.control.TaskEars;
import dormouse.server.control.Usage;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.v1.ServerMessage;
import io.grpc.stub.ServerCallStreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One task alone must not cost an agent its stream. */
class StreamTaskTest {
    private final List<ServerMessage> sent = new ArrayList<>();
    private final List<Failure> lost = new ArrayList<>();
    private final StreamWriter writer = new StreamWriter(new Out(), () -> {});
    private final StreamTasks stream = new StreamTasks(writer, 1024);

    private void begin(String value) {
        InferOrder order = new InferOrder(
                new TaskId("t1"),
                new LlmName("qwen3"),
                "chat/completions",
                "application/json",
                ByteBuffer.wrap(new byte[10]),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Map.of("accept", value));
        StreamTask task = new StreamTask(order, new Ears(), stream, 1024, 4096);
        stream.begin(task);
        writer.open(ServerMessage.getDefaultInstance());
        task.send(writer);
    }

    @Test
    void anOrderThatIsTooLargeForTheAgentIsNotSentAndFailsItsTaskAlone() {
        begin("x".repeat(1 << 20));

        assertThat(sent).noneMatch(ServerMessage::hasInfer).noneMatch(ServerMessage::hasInferInput);
        assertThat(lost).singleElement().satisfies(why -> {
            assertThat(why.reason()).isEqualTo(Reason.INTERNAL);
            assertThat(why.message()).contains("1048576");
        });
        assertThat(stream.all()).isEmpty();
    }

    @Test
    void anyOtherIsSent() {
        begin("x".repeat((1 << 20) - 1000));

        assertThat(sent).anyMatch(ServerMessage::hasInfer).anyMatch(ServerMessage::hasInferInput);
        assertThat(lost).isEmpty();
    }

    private final class Ears implements TaskEars {
        @Override
        public void head(Head head) {}

        @Override
        public void chunk(long offset, ByteBuffer data) {}

        @Override
        public void end(long bytes, @Nullable Failure why, Usage usage) {}

        @Override
        public void broken(Failure why) {}

        @Override
        public void lost(Failure why) {
            lost.add(why);
        }

        @Override
        public void suspended(Failure why) {}

        @Override
        public void resumed() {}

        @Override
        public Progress progress() {
            return new Progress(false, 0);
        }
    }

    private final class Out extends ServerCallStreamObserver<ServerMessage> {
        @Override
        public void onNext(ServerMessage message) {
            sent.add(message);
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void request(int count) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void disableAutoInboundFlowControl() {}
    }
}
