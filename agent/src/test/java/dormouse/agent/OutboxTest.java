package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dormouse.v1.AgentMessage;
import dormouse.v1.Heartbeat;
import dormouse.v1.InferChunk;
import io.grpc.stub.CallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OutboxTest {
    /** A transport that takes as many messages as the test allows. */
    private static final class Wire extends CallStreamObserver<AgentMessage> {
        final List<AgentMessage> taken = new ArrayList<>();
        int room = Integer.MAX_VALUE;

        @Override
        public boolean isReady() {
            return room > 0;
        }

        @Override
        public void onNext(AgentMessage message) {
            room--;
            taken.add(message);
        }

        @Override
        public void setOnReadyHandler(Runnable onReady) {}

        @Override
        public void disableAutoInboundFlowControl() {}

        @Override
        public void request(int count) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }

    private static final class Numbered implements Outbox.Source {
        final String name;
        int left;

        Numbered(String name, int left) {
            this.name = name;
            this.left = left;
        }

        @Override
        public @Nullable AgentMessage next() {
            return left-- > 0
                    ? AgentMessage.newBuilder()
                            .setInferChunk(InferChunk.newBuilder().setTaskId(name))
                            .build()
                    : null;
        }
    }

    private final Wire wire = new Wire();
    private int overflows;
    private final Outbox outbox = new Outbox(() -> overflows++);

    private static AgentMessage heartbeat(int seq) {
        return AgentMessage.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder().setSeq(seq))
                .build();
    }

    private List<String> taken() {
        return wire.taken.stream()
                .map(message -> message.hasHeartbeat()
                        ? "beat" + message.getHeartbeat().getSeq()
                        : message.getInferChunk().getTaskId())
                .toList();
    }

    @Test
    void tasks_take_turns() {
        outbox.attach(wire);
        wire.room = 0;
        outbox.ready(new Numbered("a", 3));
        outbox.ready(new Numbered("b", 1));
        outbox.ready(new Numbered("c", 2));

        wire.room = 100;
        outbox.drain();

        assertThat(taken()).containsExactly("a", "b", "c", "a", "c", "a");
        assertThat(outbox.isEmpty()).isTrue();
    }

    @Test
    void control_goes_before_data() {
        outbox.attach(wire);
        wire.room = 1;
        outbox.ready(new Numbered("a", 3));
        outbox.control(heartbeat(1));
        outbox.control(heartbeat(2));

        wire.room = 100;
        outbox.drain();

        assertThat(taken()).containsExactly("a", "beat1", "beat2", "a", "a");
    }

    @Test
    void nothing_is_written_to_a_transport_that_is_not_ready() {
        outbox.control(heartbeat(1));
        wire.room = 2;
        outbox.attach(wire);
        outbox.ready(new Numbered("a", 10));

        assertThat(taken()).containsExactly("beat1", "a");
    }

    @Test
    void a_server_that_takes_no_control_messages_loses_the_stream_once() {
        outbox.attach(wire);
        wire.room = 0;
        for (int i = 0; i <= Outbox.CONTROL_CAPACITY; i++) {
            assertThat(overflows).isZero();
            outbox.control(heartbeat(i));
        }
        outbox.control(heartbeat(0));

        assertThat(overflows).isEqualTo(1);
        wire.room = 100;
        outbox.drain();
        assertThat(wire.taken).isEmpty();
    }
}
