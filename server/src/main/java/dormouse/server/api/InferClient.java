package dormouse.server.api;

import com.google.protobuf.UnsafeByteOperations;
import dormouse.contract.Times;
import dormouse.server.control.Head;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.TaskId;
import dormouse.server.relay.Client;
import dormouse.server.relay.Phase;
import dormouse.server.relay.Summary;
import dormouse.v1.Finished;
import dormouse.v1.InferEvent;
import dormouse.v1.InferHead;
import dormouse.v1.Usage;
import io.grpc.stub.ServerCallStreamObserver;
import java.nio.ByteBuffer;

/** An {@code Infer} call, to which the relay talks. */
final class InferClient implements Client {
    private final ServerCallStreamObserver<InferEvent> out;

    InferClient(ServerCallStreamObserver<InferEvent> out) {
        this.out = out;
    }

    @Override
    public void phase(Phase phase) {
        send(InferEvent.newBuilder().setPhase(message(phase)));
    }

    @Override
    public void head(TaskId task, Head head) {
        send(InferEvent.newBuilder()
                .setHead(InferHead.newBuilder()
                        .setTaskId(task.value())
                        .setStatus(head.status())
                        .setContentType(head.contentType())
                        .putAllHeaders(head.headers())));
    }

    @Override
    public boolean ready() {
        return out.isReady();
    }

    @Override
    public void chunk(ByteBuffer data) {
        send(InferEvent.newBuilder().setChunk(UnsafeByteOperations.unsafeWrap(data)));
    }

    @Override
    public void finished(Summary summary) {
        send(InferEvent.newBuilder().setFinished(message(summary)));
        out.onCompleted();
    }

    @Override
    public void failed(Failure why) {
        out.onError(Errors.of(why));
    }

    private void send(InferEvent.Builder event) {
        out.onNext(event.build());
    }

    static dormouse.v1.Phase message(Phase phase) {
        dormouse.v1.Phase.Builder message = dormouse.v1.Phase.newBuilder()
                .setKind(
                        switch (phase.kind()) {
                            case QUEUED -> dormouse.v1.Phase.Kind.KIND_QUEUED;
                            case WAKING -> dormouse.v1.Phase.Kind.KIND_WAKING;
                            case DISPATCHED -> dormouse.v1.Phase.Kind.KIND_DISPATCHED;
                        })
                .setLlm(phase.llm().value())
                .setPosition(phase.position())
                .setElapsed(Times.duration(phase.elapsed()));
        if (phase.expected() != null) {
            message.setExpected(Times.duration(phase.expected()));
        }
        return message.build();
    }

    static Finished.Builder message(Summary summary) {
        Finished.Builder message = Finished.newBuilder()
                .setQueued(Times.duration(summary.queued()))
                .setWoke(Times.duration(summary.woke()))
                .setFirstByte(Times.duration(summary.firstByte()))
                .setTotal(Times.duration(summary.total()));
        if (!summary.usage().equals(dormouse.server.control.Usage.UNKNOWN)) {
            message.setUsage(Usage.newBuilder()
                    .setPromptTokens(summary.usage().promptTokens())
                    .setCompletionTokens(summary.usage().completionTokens()));
        }
        return message;
    }
}
