package dormouse.server;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Goodbye;
import dormouse.v1.Heartbeat;
import dormouse.v1.Infer;
import dormouse.v1.InferChunk;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmReport;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import dormouse.v1.ServerMessage;
import dormouse.v1.Sleep;
import dormouse.v1.SleepResult;
import dormouse.v1.TaskPosition;
import dormouse.v1.Wake;
import dormouse.v1.WakeResult;
import dormouse.v1.Window;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** An agent that does just what a test says, misbehaviour included, and keeps all that it hears. */
public final class ScriptedAgent {
    private static final AtomicInteger PROCESSES = new AtomicInteger();

    private final String name;
    private final int messages;
    private final List<ServerMessage> heard = new ArrayList<>();
    private @Nullable ClientCallStreamObserver<AgentMessage> out;
    private volatile @Nullable Throwable error;
    private volatile boolean completed;
    private String session = "";
    private ByteString token = ByteString.EMPTY;
    private String instance = "process-" + PROCESSES.incrementAndGet();
    private long seq;
    private Consumer<Infer> onInfer = task -> {};

    ScriptedAgent(String name, AgentServiceGrpc.AgentServiceStub stub) {
        this(name, stub, Integer.MAX_VALUE);
    }

    /** @param messages so many it takes, and then no more unless it asks */
    ScriptedAgent(String name, AgentServiceGrpc.AgentServiceStub stub, int messages) {
        this.name = name;
        this.messages = messages;
        connect(stub);
    }

    /** A new stream; what was heard is forgotten, the session is kept. */
    public ScriptedAgent connect(AgentServiceGrpc.AgentServiceStub stub) {
        heard.clear();
        error = null;
        completed = false;
        ClientResponseObserver<AgentMessage, ServerMessage> ears = new ClientResponseObserver<>() {
            private @Nullable ClientCallStreamObserver<AgentMessage> mine;

            @Override
            public void beforeStart(ClientCallStreamObserver<AgentMessage> stream) {
                mine = stream;
                out = stream;
                if (messages < Integer.MAX_VALUE) {
                    stream.disableAutoRequestWithInitial(messages);
                }
            }

            @Override
            public void onNext(ServerMessage message) {
                synchronized (ScriptedAgent.this) {
                    if (mine == out) {
                        heard.add(message);
                        if (message.hasRegistered()) {
                            session = message.getRegistered().getSessionId();
                            if (!message.getRegistered().getResumeToken().isEmpty()) {
                                token = message.getRegistered().getResumeToken();
                            }
                        }
                    }
                }
                if (message.hasInfer()) {
                    onInfer.accept(message.getInfer());
                }
            }

            @Override
            public void onError(Throwable t) {
                if (mine == out) {
                    error = t;
                }
            }

            @Override
            public void onCompleted() {
                if (mine == out) {
                    completed = true;
                }
            }
        };
        stub.connect(ears);
        return this;
    }

    public static LlmOffer awake(String llm) {
        return offer(LlmSpec.newBuilder().setName(llm), LlmStatus.LLM_STATUS_ACTIVE);
    }

    public static LlmOffer asleep(String llm) {
        return offer(LlmSpec.newBuilder().setName(llm).setWakeable(true), LlmStatus.LLM_STATUS_HIBERNATING);
    }

    /** Awake, with recipes for both. */
    public static LlmOffer sleepable(String llm) {
        return offer(
                LlmSpec.newBuilder().setName(llm).setWakeable(true).setSleepable(true), LlmStatus.LLM_STATUS_ACTIVE);
    }

    public static LlmOffer offer(LlmSpec.Builder spec, LlmStatus status) {
        return LlmOffer.newBuilder().setSpec(spec).setInitialStatus(status).build();
    }

    /** Registers with the session that it has; answers what the server says. */
    public Registered register(LlmOffer... offers) {
        ask(offers);
        return last(ServerMessage::hasRegistered).getRegistered();
    }

    /** Registers with the session that it has and with the tasks of a stream that was lost; answers what the server says. */
    public Registered resume(List<TaskPosition> tasks, LlmOffer... offers) {
        ask(tasks, offers);
        return last(ServerMessage::hasRegistered).getRegistered();
    }

    /** How far a task has come. */
    public static TaskPosition at(Infer task, long offset, long input, boolean head) {
        return TaskPosition.newBuilder()
                .setTaskId(task.getTaskId())
                .setOffset(offset)
                .setInputOffset(input)
                .setHead(head)
                .build();
    }

    /** Registers with the session that it has, and leaves the answer to be seen. */
    public void ask(LlmOffer... offers) {
        ask(List.of(), offers);
    }

    public void ask(List<TaskPosition> tasks, LlmOffer... offers) {
        send(AgentMessage.newBuilder()
                .setRegister(Register.newBuilder()
                        .addAllTasks(tasks)
                        .setSessionId(session)
                        .setResumeToken(token)
                        .setInstanceId(instance)
                        .setAgentName(name)
                        .setAgentVersion("test")
                        .addAllLlms(Arrays.asList(offers))));
    }

    /** Forgets its session, as an agent does whose state directory is lost. */
    public ScriptedAgent forgetSession() {
        session = "";
        token = ByteString.EMPTY;
        return this;
    }

    public ScriptedAgent session(String id, ByteString resumeToken) {
        session = id;
        token = resumeToken;
        return this;
    }

    /** Another stream of the same process: its session, and its name for itself. */
    public ScriptedAgent sameAs(ScriptedAgent other) {
        instance = other.instance;
        return session(other.session, other.token);
    }

    /** From now on it is another process, as after a restart; what it has on its disk is kept. */
    public ScriptedAgent restarted() {
        instance = "process-" + PROCESSES.incrementAndGet();
        return this;
    }

    public String session() {
        return session;
    }

    public ByteString token() {
        return token;
    }

    public void send(AgentMessage.Builder message) {
        stream().onNext(message.build());
    }

    /** @param reports names and statuses in turn */
    public void heartbeat(Object... reports) {
        Heartbeat.Builder heartbeat = Heartbeat.newBuilder().setSeq(++seq);
        for (int i = 0; i < reports.length; i += 2) {
            heartbeat.addReports(
                    LlmReport.newBuilder().setName((String) reports[i]).setStatus((LlmStatus) reports[i + 1]));
        }
        send(AgentMessage.newBuilder().setHeartbeat(heartbeat));
    }

    /** That it has put an Llm to sleep by itself, or does so now. */
    public void reportRested(String llm) {
        send(AgentMessage.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder()
                        .setSeq(++seq)
                        .addReports(LlmReport.newBuilder()
                                .setName(llm)
                                .setStatus(LlmStatus.LLM_STATUS_HIBERNATING)
                                .setRested(true))));
    }

    public void rested(Sleep sleep) {
        send(AgentMessage.newBuilder().setSleepResult(SleepResult.newBuilder().setTaskId(sleep.getTaskId())));
    }

    public void sleepFails(Sleep sleep, String reason, String why) {
        send(AgentMessage.newBuilder()
                .setSleepResult(SleepResult.newBuilder()
                        .setTaskId(sleep.getTaskId())
                        .setError(Problems.status(io.grpc.Status.Code.UNAVAILABLE, reason, why))));
    }

    /** The backend had been put to sleep when the task came. */
    public void notAwake(Infer task) {
        end(task, 0, Problems.status(io.grpc.Status.Code.UNAVAILABLE, "NOT_AWAKE", "has been put to sleep"));
    }

    public void awake(Wake wake) {
        send(AgentMessage.newBuilder().setWakeResult(WakeResult.newBuilder().setTaskId(wake.getTaskId())));
    }

    public void wakeFails(Wake wake, String why) {
        send(AgentMessage.newBuilder()
                .setWakeResult(WakeResult.newBuilder()
                        .setTaskId(wake.getTaskId())
                        .setError(Problems.status(io.grpc.Status.Code.UNAVAILABLE, "WAKE_FAILED", why))));
    }

    public void head(Infer task, int status, String contentType) {
        send(AgentMessage.newBuilder()
                .setInferHead(InferHead.newBuilder()
                        .setTaskId(task.getTaskId())
                        .setStatus(status)
                        .setContentType(contentType)));
    }

    public void chunk(Infer task, long offset, String data) {
        chunk(task, offset, ByteString.copyFromUtf8(data));
    }

    public void chunk(Infer task, long offset, ByteString data) {
        send(AgentMessage.newBuilder()
                .setInferChunk(InferChunk.newBuilder()
                        .setTaskId(task.getTaskId())
                        .setOffset(offset)
                        .setData(data)));
    }

    public void end(Infer task, long bytes) {
        send(AgentMessage.newBuilder()
                .setInferEnd(InferEnd.newBuilder().setTaskId(task.getTaskId()).setBytes(bytes)));
    }

    public void end(Infer task, long bytes, Status error) {
        send(AgentMessage.newBuilder()
                .setInferEnd(InferEnd.newBuilder()
                        .setTaskId(task.getTaskId())
                        .setBytes(bytes)
                        .setError(error)));
    }

    /** A whole answer of one piece. */
    public void answer(Infer task, String text) {
        head(task, 200, "application/json");
        ByteString data = ByteString.copyFromUtf8(text);
        chunk(task, 0, data);
        end(task, data.size());
    }

    /** From now on it does this at once with each task that comes. */
    public void onInfer(Consumer<Infer> work) {
        onInfer = work;
    }

    /** Takes so many messages more. */
    public void take(int more) {
        stream().request(more);
    }

    /** So many bytes of a task's input are consumed. */
    public void window(String task, long consumed) {
        send(AgentMessage.newBuilder()
                .setWindow(Window.newBuilder().setTaskId(task).setConsumed(consumed)));
    }

    public void goodbye() {
        send(AgentMessage.newBuilder().setGoodbye(Goodbye.getDefaultInstance()));
    }

    /** Closes its side in order. */
    public void complete() {
        stream().onCompleted();
    }

    /** The connection is gone, without a word. */
    public void cut() {
        stream().cancel("cut", null);
    }

    private ClientCallStreamObserver<AgentMessage> stream() {
        if (out == null) {
            throw new IllegalStateException("not connected");
        }
        return out;
    }

    /** All that it has heard on this stream. */
    public synchronized List<ServerMessage> heard() {
        return List.copyOf(heard);
    }

    public List<Infer> infers() {
        return heard().stream()
                .filter(ServerMessage::hasInfer)
                .map(ServerMessage::getInfer)
                .toList();
    }

    public List<Wake> wakes() {
        return heard().stream()
                .filter(ServerMessage::hasWake)
                .map(ServerMessage::getWake)
                .toList();
    }

    public List<Sleep> sleeps() {
        return heard().stream()
                .filter(ServerMessage::hasSleep)
                .map(ServerMessage::getSleep)
                .toList();
    }

    public List<String> cancelled() {
        return heard().stream()
                .filter(ServerMessage::hasCancel)
                .map(message -> message.getCancel().getTaskId())
                .toList();
    }

    /** The reason of a task's cancel; empty where there was none. */
    public String cancelReason(Infer task) {
        return heard().stream()
                .filter(message ->
                        message.hasCancel() && message.getCancel().getTaskId().equals(task.getTaskId()))
                .map(message -> Problems.reason(message.getCancel().getReason()))
                .findFirst()
                .orElse("");
    }

    /** How many of its heartbeats were answered. */
    public long acks() {
        return heard().stream().filter(ServerMessage::hasHeartbeatAck).count();
    }

    /** The bytes of a task's input so far. */
    public ByteString input(Infer task) {
        return heard().stream()
                .filter(message -> message.hasInferInput()
                        && message.getInferInput().getTaskId().equals(task.getTaskId()))
                .map(message -> message.getInferInput().getData())
                .reduce(ByteString.EMPTY, ByteString::concat);
    }

    /** How many bytes of a task's answer the server has taken, as far as it has said. */
    public long window(Infer task) {
        return heard().stream()
                .filter(message ->
                        message.hasWindow() && message.getWindow().getTaskId().equals(task.getTaskId()))
                .mapToLong(message -> message.getWindow().getConsumed())
                .max()
                .orElse(0);
    }

    /** Whether it has heard that a task's end has come. */
    public boolean isEnded(Infer task) {
        return heard().stream()
                .anyMatch(message -> message.hasWindow()
                        && message.getWindow().getEnded()
                        && message.getWindow().getTaskId().equals(task.getTaskId()));
    }

    public ServerMessage last(Predicate<ServerMessage> which) {
        return heard().stream()
                .filter(which)
                .reduce((first, second) -> second)
                .orElseThrow(() -> new AssertionError("not heard, but " + heard() + " and " + error));
    }

    /** The reason with which the server has ended the stream; empty while it is open. */
    public String endedWith() {
        return error == null ? "" : Problems.reason(error);
    }

    public @Nullable Duration retryAfter() {
        return error == null
                ? null
                : Problems.of(error).flatMap(Problems::retryAfter).orElse(null);
    }

    public @Nullable Throwable error() {
        return error;
    }

    public boolean completed() {
        return completed;
    }

    /** Whether the stream is open as far as it knows. */
    public boolean open() {
        return error == null && !completed;
    }

    public static boolean isRefusal(Throwable failure) {
        return failure instanceof StatusRuntimeException;
    }
}
