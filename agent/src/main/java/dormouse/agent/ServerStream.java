package dormouse.agent;

import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Fault;
import dormouse.v1.Goodbye;
import dormouse.v1.Heartbeat;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import dormouse.v1.ServerMessage;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream to the server and what lives as long as it: its outbox, its tasks, its watch over the server's signs of
 * life. It reads with manual flow control and never blocks. On the loop alone: the channel's callbacks come there.
 */
final class ServerStream implements ClientResponseObserver<AgentMessage, ServerMessage> {
    private static final Logger log = LoggerFactory.getLogger(ServerStream.class);
    private static final int PREFETCH = 64;
    private static final Duration REGISTERED_WITHIN = Duration.ofSeconds(10);

    /** What the owner of a stream hears of it. */
    interface Listener {
        /** @param first on this stream */
        void registered(ServerStream stream, Registered registered, boolean first);

        /** Heartbeats of the owner's making are wanted now. */
        void probed(ServerStream stream);

        void draining(ServerStream stream, Duration reconnectWithin, Duration finishWithin);

        /** The last task or wake of the stream has ended. */
        void idle(ServerStream stream);

        /**
         * The stream has ended; told once.
         *
         * @param tasks that it leaves, for the next stream to go on with
         * @param grace for how long the server waits for that; zero: not at all
         */
        void ended(
                ServerStream stream,
                io.grpc.Status status,
                @Nullable Status problem,
                Map<String, InferTask> tasks,
                Duration grace);
    }

    private final ManagedChannel channel;
    private final AgentParts parts;
    private final Listener listener;
    private final Loop.Timer registeredWatch;
    private final Outbox outbox;
    private final StreamWork work;
    private @Nullable ClientCallStreamObserver<AgentMessage> call;
    private @Nullable Watchdog silence;
    private @Nullable Long attachedAt;
    /** What may be the reason of the stream's end, where the server says it before. */
    private @Nullable Status lastFault;

    private Duration grace = Duration.ZERO;
    private int taken;
    private boolean leaving;
    private boolean finished;
    private boolean ended;

    ServerStream(ManagedChannel channel, AgentParts parts, Listener listener) {
        this.channel = channel;
        this.parts = parts;
        this.listener = listener;
        this.outbox = new Outbox(() -> lose("the server takes no messages"));
        this.work = new StreamWork(parts, outbox, this::workEnded);
        this.registeredWatch =
                parts.loop().after(REGISTERED_WITHIN, () -> lose("the server did not answer the registration"));
    }

    void open(@Nullable Secret token, Register register) {
        Channel bearing = channel;
        if (token != null) {
            Metadata headers = new Metadata();
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token.value());
            bearing = io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
        }
        AgentServiceGrpc.newStub(bearing).connect(this);
        if (call != null) {
            outbox.attach(call);
        }
        register(register);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<AgentMessage> starting) {
        call = starting;
        starting.disableAutoRequestWithInitial(PREFETCH);
        starting.setOnReadyHandler(() -> {
            outbox.drain();
            tellIfIdle();
        });
    }

    void register(Register register) {
        send(AgentMessage.newBuilder().setRegister(register).build());
    }

    void heartbeat(Heartbeat heartbeat) {
        send(AgentMessage.newBuilder().setHeartbeat(heartbeat).build());
    }

    /** Says that the agent leaves; no task is taken from now on. */
    void goodbye(Duration within) {
        leaving = true;
        work.leave();
        send(AgentMessage.newBuilder()
                .setGoodbye(Goodbye.newBuilder().setWithin(Spans.proto(within)))
                .build());
    }

    boolean isIdle() {
        return work.isIdle() && outbox.isEmpty();
    }

    int activeTasks() {
        return work.activeTasks();
    }

    boolean isRegistered() {
        return attachedAt != null;
    }

    /** How long it has been since its first registration. */
    Duration attachedFor() {
        return attachedAt == null ? Duration.ZERO : parts.loop().since(attachedAt);
    }

    /** The server has said that it leaves: its signs of life are not watched for, and its tasks end with the stream. */
    void drain() {
        leaving = true;
        stopWatching();
    }

    private void stopWatching() {
        if (silence != null) {
            silence.close();
        }
    }

    /** Takes over the tasks of the stream that was lost, as far as the server knows them; at its first registration. */
    void resume(SuspendedWork suspended, Registered answer) {
        suspended.resume(answer, work);
    }

    /** Ends the stream in peace; the server ends its half. False where it has been ended before. */
    boolean finish() {
        if (ended || finished || call == null) {
            return false;
        }
        finished = true;
        call.onCompleted();
        return true;
    }

    /** Ends the stream at once. */
    void lose(String why) {
        if (!ended) {
            log.debug(
                    "stream given up server={} reason=\"{}\"", parts.channels().describe(), why);
            end(io.grpc.Status.UNAVAILABLE.withDescription(why), null);
        }
    }

    @Override
    public void onNext(ServerMessage message) {
        if (ended) {
            return;
        }
        if (++taken >= PREFETCH / 2 && call != null) {
            call.request(taken);
            taken = 0;
        }
        if (silence != null) {
            silence.touch();
        }
        switch (message.getMessageCase()) {
            case REGISTERED -> registered(message.getRegistered());
            case HEARTBEAT_ACK -> {} // a sign of life like any other
            case WAKE -> work.wake(message.getWake());
            case SLEEP -> work.sleep(message.getSleep());
            case INFER -> work.infer(message.getInfer());
            case INFER_INPUT -> work.input(message.getInferInput());
            case CANCEL -> work.cancel(message.getCancel());
            case WINDOW -> work.window(message.getWindow());
            case DRAIN ->
                listener.draining(
                        this,
                        Spans.of(message.getDrain().getReconnectWithin()),
                        Spans.of(message.getDrain().getFinishWithin()));
            case FAULT -> fault(message.getFault());
            case PROBE -> listener.probed(this);
            case MESSAGE_NOT_SET -> log.debug("message of an unknown kind ignored");
        }
    }

    @Override
    public void onError(Throwable failure) {
        Status problem = Problems.of(failure)
                .filter(found -> found.getDetailsCount() > 0)
                .orElse(lastFault);
        end(io.grpc.Status.fromThrowable(failure), problem);
    }

    @Override
    public void onCompleted() {
        end(io.grpc.Status.OK.withDescription("the server ended the stream"), lastFault);
    }

    private void end(io.grpc.Status status, @Nullable Status problem) {
        if (ended) {
            return;
        }
        ended = true;
        registeredWatch.cancel();
        stopWatching();
        Map<String, InferTask> left = work.leaveTasks();
        outbox.close();
        channel.shutdownNow();
        listener.ended(this, status, problem, left, leaving ? Duration.ZERO : grace);
    }

    private void registered(Registered answer) {
        registeredWatch.cancel();
        boolean first = attachedAt == null;
        if (first) {
            attachedAt = parts.loop().nanoTime();
        }
        work.limits(answer);
        grace = Spans.of(answer.getResumeGrace());
        if (first && answer.hasHeartbeatTimeout()) {
            Duration timeout = Spans.of(answer.getHeartbeatTimeout());
            silence = new Watchdog(parts.loop(), timeout, () -> lose("heard nothing for " + Spans.say(timeout)));
            silence.touch();
        }
        listener.registered(this, answer, first);
    }

    private void fault(Fault fault) {
        if (fault.getTaskId().isEmpty()) {
            lastFault = fault.getError();
        }
        log.warn(
                "server reports a problem task={} reason={} message=\"{}\"",
                fault.getTaskId(),
                Problems.reason(fault.getError()),
                Failures.oneLine(fault.getError().getMessage()));
    }

    /** Not at once: the last message of a task is on its way out when the task says that it has ended. */
    private void workEnded() {
        parts.loop().execute(this::tellIfIdle);
    }

    private void tellIfIdle() {
        if (!ended && isIdle()) {
            listener.idle(this);
        }
    }

    private void send(AgentMessage message) {
        outbox.control(message);
    }
}
