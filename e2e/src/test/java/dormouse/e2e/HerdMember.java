package dormouse.e2e;

import com.google.protobuf.ByteString;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.AgentServiceGrpc;
import dormouse.v1.Goodbye;
import dormouse.v1.Heartbeat;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmReport;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import dormouse.v1.Registered;
import dormouse.v1.ServerMessage;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An agent as light as can be, so that one process has ten thousand: one stream, one Llm, one session that it keeps. A
 * stream that is lost is opened anew as the real one does: at once, then after a random part of 1 s, doubling to 30 s.
 */
final class HerdMember implements StreamObserver<ServerMessage> {
    private static final int ANSWER_SECONDS = 10;
    private static final int BEAT_SECONDS = 30;

    private final String name;
    private final AgentServiceGrpc.AgentServiceStub stub;
    private final ScheduledExecutorService timer;
    private final Random random;
    private final AtomicLong streams;
    private final AtomicLong givenUp;
    private StreamObserver<AgentMessage> out; // all under this
    private String session = "";
    private ByteString token = ByteString.EMPTY;
    private boolean answered;
    private boolean registered;
    private boolean resumed;
    private boolean over;
    private int tries;

    /**
     * @param streams counts the streams that all of them open
     * @param givenUp counts those that were not answered in time
     */
    HerdMember(
            String name,
            AgentServiceGrpc.AgentServiceStub stub,
            ScheduledExecutorService timer,
            Random random,
            AtomicLong streams,
            AtomicLong givenUp) {
        this.name = name;
        this.stub = stub;
        this.timer = timer;
        this.random = random;
        this.streams = streams;
        this.givenUp = givenUp;
    }

    void connect() {
        streams.incrementAndGet();
        StreamObserver<AgentMessage> stream = stub.connect(this);
        synchronized (this) {
            out = stream;
            answered = false;
            register(stream);
        }
        timer.schedule(() -> giveUp(stream), ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    private void register(StreamObserver<AgentMessage> stream) {
        stream.onNext(AgentMessage.newBuilder()
                .setRegister(Register.newBuilder()
                        .setAgentName("agent of " + name)
                        .setSessionId(session)
                        .setResumeToken(token)
                        .setInstanceId("process of " + name)
                        .addLlms(LlmOffer.newBuilder()
                                .setSpec(LlmSpec.newBuilder().setName(name))))
                .build());
    }

    /** As the real one does, later: its name may be its own earlier session's, which is not known to be gone yet. */
    private synchronized void offerAgain(StreamObserver<AgentMessage> stream) {
        if (stream == out && answered && !registered && !over) {
            register(stream);
        }
    }

    /** As the real one does, for as long as its stream is good. */
    private synchronized void beat(StreamObserver<AgentMessage> stream) {
        if (stream == out && registered && !over) {
            stream.onNext(AgentMessage.newBuilder()
                    .setHeartbeat(Heartbeat.newBuilder()
                            .addReports(LlmReport.newBuilder().setName(name).setStatus(LlmStatus.LLM_STATUS_ACTIVE)))
                    .build());
            timer.schedule(() -> beat(stream), BEAT_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** As the real one does where it gets no answer to its registration. */
    private synchronized void giveUp(StreamObserver<AgentMessage> stream) {
        if (stream == out && !answered && !over) {
            givenUp.incrementAndGet();
            ((ClientCallStreamObserver<AgentMessage>) stream).cancel("not registered in time", null);
        }
    }

    @Override
    public synchronized void onNext(ServerMessage message) {
        if (message.hasRegistered()) {
            Registered answer = message.getRegistered();
            answered = true;
            registered = answer.getGrantsCount() == 1 && !answer.getGrants(0).hasRefusal();
            resumed = answer.getResumed() && answer.getSessionId().equals(session);
            session = answer.getSessionId();
            if (!answer.getResumeToken().isEmpty()) {
                token = answer.getResumeToken();
            }
            tries = 0;
            StreamObserver<AgentMessage> stream = out;
            if (registered) {
                timer.schedule(() -> beat(stream), BEAT_SECONDS, TimeUnit.SECONDS);
            } else {
                timer.schedule(() -> offerAgain(stream), ANSWER_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    @Override
    public void onError(Throwable t) {
        long wait;
        synchronized (this) {
            registered = false;
            resumed = false;
            if (over) {
                return;
            }
            wait = tries == 0 ? 0 : random.nextInt((int) Math.min(30_000, 1_000L << Math.min(tries - 1, 10)) + 1);
            wait = Math.max(wait, told(t));
            tries++;
        }
        try {
            timer.schedule(this::connect, wait, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // the test is over
        }
    }

    /** When the server wants to see it again, in milliseconds. */
    private static long told(Throwable t) {
        return Problems.of(t)
                .flatMap(Problems::retryAfter)
                .map(Duration::toMillis)
                .orElse(0L);
    }

    @Override
    public void onCompleted() {
        onError(new IllegalStateException("the server has ended the stream"));
    }

    synchronized void heartbeat(long seq) {
        if (registered) {
            out.onNext(AgentMessage.newBuilder()
                    .setHeartbeat(Heartbeat.newBuilder().setSeq(seq))
                    .build());
        }
    }

    synchronized boolean registered() {
        return registered;
    }

    /** Whether it is attached with the session that it had before. */
    synchronized boolean resumed() {
        return registered && resumed;
    }

    synchronized String session() {
        return session;
    }

    synchronized void leave() {
        over = true;
        if (registered) {
            out.onNext(AgentMessage.newBuilder()
                    .setGoodbye(Goodbye.getDefaultInstance())
                    .build());
        }
    }
}
