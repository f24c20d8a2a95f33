package dormouse.server;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Heartbeat;
import dormouse.v1.Infer;
import dormouse.v1.InferChunk;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmReport;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import dormouse.v1.WakeResult;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An agent for real connections that keeps to its windows: a task whose path is {@code bytes/N} is answered with N bytes,
 * of which each follows from its place, in frames of at most so many.
 */
final class PacedAgent {
    private static final class Work {
        private final long total;
        private long sent;
        private long consumed;

        private Work(long total) {
            this.total = total;
        }
    }

    private final String name;
    private final int frame;
    private final Map<String, Work> works = new HashMap<>(); // all under this
    private @Nullable ClientCallStreamObserver<AgentMessage> out;
    private boolean registered;
    private boolean over;
    private long window;
    private long acks;
    private long seq;

    PacedAgent(String name, int frame) {
        this.name = name;
        this.frame = frame;
    }

    /** The byte of that place in every answer. */
    static byte at(long place) {
        return (byte) (place * 31 + (place >> 10));
    }

    /** A new stream and a new session. */
    synchronized void connect(Channel channel, LlmOffer... offers) {
        works.clear();
        registered = false;
        over = false;
        AgentServiceGrpc.newStub(channel).connect(new ClientResponseObserver<AgentMessage, ServerMessage>() {
            private @Nullable ClientCallStreamObserver<AgentMessage> mine;

            @Override
            public void beforeStart(ClientCallStreamObserver<AgentMessage> stream) {
                mine = stream;
                out = stream;
            }

            @Override
            public void onNext(ServerMessage message) {
                synchronized (PacedAgent.this) {
                    if (mine == out && !over) {
                        hear(message);
                    }
                }
            }

            @Override
            public void onError(Throwable t) {
                end();
            }

            @Override
            public void onCompleted() {
                end();
            }

            private void end() {
                synchronized (PacedAgent.this) {
                    over |= mine == out;
                    PacedAgent.this.notifyAll();
                }
            }
        });
        Register.Builder register = Register.newBuilder().setAgentName(name);
        for (LlmOffer offer : offers) {
            register.addLlms(offer);
        }
        send(AgentMessage.newBuilder().setRegister(register));
    }

    private void hear(ServerMessage message) {
        switch (message.getMessageCase()) {
            case REGISTERED -> {
                registered = true;
                window = message.getRegistered().getWindowBytes();
            }
            case HEARTBEAT_ACK -> {
                acks++;
                notifyAll();
            }
            case WAKE ->
                send(AgentMessage.newBuilder()
                        .setWakeResult(WakeResult.newBuilder()
                                .setTaskId(message.getWake().getTaskId())));
            case INFER -> begin(message.getInfer());
            case WINDOW -> {
                Work work = works.get(message.getWindow().getTaskId());
                if (work != null) {
                    work.consumed = message.getWindow().getConsumed();
                    go(message.getWindow().getTaskId(), work);
                }
            }
            case CANCEL -> {
                Work work = works.remove(message.getCancel().getTaskId());
                if (work != null) {
                    send(AgentMessage.newBuilder()
                            .setInferEnd(InferEnd.newBuilder()
                                    .setTaskId(message.getCancel().getTaskId())
                                    .setBytes(work.sent)
                                    .setError(Problems.status(Status.Code.CANCELLED, "CLIENT_GONE", "cancelled"))));
                }
            }
            default -> {}
        }
    }

    private void begin(Infer infer) {
        String path = infer.getPath();
        Work work = new Work(Long.parseLong(path.substring(path.indexOf('/') + 1)));
        works.put(infer.getTaskId(), work);
        send(AgentMessage.newBuilder()
                .setInferHead(InferHead.newBuilder()
                        .setTaskId(infer.getTaskId())
                        .setStatus(200)
                        .setContentType("application/octet-stream")));
        go(infer.getTaskId(), work);
    }

    private void go(String task, Work work) {
        while (work.sent < work.total && work.sent - work.consumed < window) {
            int length = (int) Math.min(Math.min(frame, work.total - work.sent), window - (work.sent - work.consumed));
            byte[] data = new byte[length];
            for (int i = 0; i < length; i++) {
                data[i] = at(work.sent + i);
            }
            send(AgentMessage.newBuilder()
                    .setInferChunk(InferChunk.newBuilder()
                            .setTaskId(task)
                            .setOffset(work.sent)
                            .setData(ByteString.copyFrom(data))));
            work.sent += length;
        }
        if (work.sent == work.total && works.remove(task) != null) {
            send(AgentMessage.newBuilder()
                    .setInferEnd(InferEnd.newBuilder().setTaskId(task).setBytes(work.total)));
        }
    }

    synchronized void heartbeat(String llm, LlmStatus status) {
        if (!over) {
            send(AgentMessage.newBuilder()
                    .setHeartbeat(Heartbeat.newBuilder()
                            .setSeq(++seq)
                            .addReports(LlmReport.newBuilder().setName(llm).setStatus(status))));
        }
    }

    /** One that says nothing of any Llm; waits until it is answered, which is a measure of how fast the server goes. */
    synchronized void quietHeartbeat() throws InterruptedException {
        long before = acks;
        send(AgentMessage.newBuilder().setHeartbeat(Heartbeat.newBuilder().setSeq(++seq)));
        while (acks == before && !over) {
            wait();
        }
    }

    /** The connection is gone, without a word. */
    synchronized void cut() {
        over = true;
        if (out != null) {
            out.cancel("cut", null);
        }
    }

    private void send(AgentMessage.Builder message) {
        if (out != null) {
            out.onNext(message.build());
        }
    }

    synchronized boolean registered() {
        return registered;
    }

    synchronized boolean over() {
        return over;
    }

    synchronized long acks() {
        return acks;
    }

    synchronized long heartbeats() {
        return seq;
    }

    /** The most that it has sent of any task that is still unfinished. */
    synchronized long mostUnfinished() {
        return works.values().stream().mapToLong(work -> work.sent).max().orElse(0);
    }
}
