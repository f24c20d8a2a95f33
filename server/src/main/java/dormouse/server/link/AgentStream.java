package dormouse.server.link;

import dormouse.contract.Problems;
import dormouse.server.control.AgentLine;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.InferOrder;
import dormouse.server.control.Reception;
import dormouse.server.control.Registered;
import dormouse.server.control.Registration;
import dormouse.server.control.Sleeps;
import dormouse.server.control.TaskEars;
import dormouse.server.control.Wakes;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.LlmName;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.TaskId;
import dormouse.v1.AgentMessage;
import dormouse.v1.Heartbeat;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import dormouse.v1.SleepResult;
import dormouse.v1.WakeResult;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One agent's stream, from its first message to its end. {@link #receive} is called by the transport's thread, one message
 * at a time, and never waits: decisions go to the fleet's lane, bytes to their task's mailbox. What is sent goes through
 * the one {@link StreamWriter}.
 */
final class AgentStream implements AgentLine {
    private static final Logger log = LoggerFactory.getLogger(AgentStream.class);

    private static final int MOST_UNANSWERED = 8;

    private final ServerCallStreamObserver<ServerMessage> out;
    private final Reception reception;
    private final Wakes wakes;
    private final Sleeps sleeps;
    private final AgentLink.Conditions conditions;
    private final StreamWriter writer;
    private final StreamTasks tasks;
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger unanswered = new AtomicInteger();
    private boolean registering; // by the transport's thread
    private volatile boolean early; // it said goodbye before it was registered
    private volatile @Nullable AttachedAgent agent;

    AgentStream(
            ServerCallStreamObserver<ServerMessage> out,
            Reception reception,
            Wakes wakes,
            Sleeps sleeps,
            AgentLink.Conditions conditions) {
        this.out = out;
        this.reception = reception;
        this.wakes = wakes;
        this.sleeps = sleeps;
        this.conditions = conditions;
        this.writer = new StreamWriter(
                out,
                () -> close(Failure.of(
                        Reason.OVERLOADED,
                        "the agent does not read: " + StreamWriter.MOST_CONTROL + " messages wait for it")));
        this.tasks = new StreamTasks(writer, conditions.frameBytes());
    }

    void ready() {
        writer.write();
    }

    void receive(AgentMessage message) {
        if (over.get()) {
            return; // of a stream that is fenced or closed: dropped
        }
        AttachedAgent known = agent;
        if (message.getMessageCase() == AgentMessage.MessageCase.REGISTER) {
            register(message.getRegister(), known);
            return;
        }
        if (known == null) {
            if (!registering) {
                close(Failure.of(Reason.MALFORMED, "the first message of a stream must be Register"));
            } else if (message.hasGoodbye()) {
                early = true;
                AttachedAgent now = agent;
                if (now != null) {
                    goodbye(now);
                }
            }
            return; // said before it could know that it is registered; all but a goodbye is dropped
        }
        reception.heard(known);
        switch (message.getMessageCase()) {
            case HEARTBEAT -> heartbeat(known, message.getHeartbeat());
            case WAKE_RESULT -> wakeResult(known, message.getWakeResult());
            case SLEEP_RESULT -> sleepResult(known, message.getSleepResult());
            case INFER_HEAD -> tasks.head(message.getInferHead());
            case INFER_CHUNK -> tasks.chunk(message.getInferChunk());
            case INFER_END -> tasks.end(message.getInferEnd());
            case WINDOW -> tasks.window(message.getWindow());
            case GOODBYE -> goodbye(known);
            case REGISTER -> {}
            case MESSAGE_NOT_SET -> writer.control(Messages.unknownKind());
        }
    }

    private void register(Register register, @Nullable AttachedAgent known) {
        Registration registration;
        try {
            registration = Messages.registration(register, "");
        } catch (IllegalArgumentException e) {
            close(Failure.of(Reason.MALFORMED, Messages.text(String.valueOf(e.getMessage()))));
            return;
        }
        if (known != null) {
            reception.heard(known);
            if (unanswered.incrementAndGet() > MOST_UNANSWERED) {
                close(Failure.of(
                        Reason.OVERLOADED,
                        "more than " + MOST_UNANSWERED + " Registers wait for their answer already"));
                return;
            }
            reception.publish(known, registration, this::published);
        } else if (registering) {
            close(Failure.of(Reason.MALFORMED, "a second Register came before the first was answered"));
        } else {
            registering = true;
            reception.attach(registration, this, this::attached);
        }
    }

    private void attached(Registered answer) {
        if (answer instanceof Registered.Accepted accepted) {
            AttachedAgent mine = reception.find(accepted.session());
            if (mine == null || mine.line() != this) {
                return; // fenced meanwhile
            }
            agent = mine;
            if (over.get()) {
                reception.disconnected(mine, "its connection was lost");
                return;
            }
            writer.open(Orders.registered(accepted, conditions));
            if (early) {
                goodbye(mine);
            }
            wakes.resume(mine);
            sleeps.resume(mine);
        } else if (answer instanceof Registered.Rejected rejected) {
            close(rejected.why());
        }
    }

    private void published(Registered answer) {
        unanswered.decrementAndGet();
        if (answer instanceof Registered.Accepted accepted) {
            writer.control(Orders.registered(accepted, conditions));
        } else if (answer instanceof Registered.Rejected rejected) {
            close(rejected.why());
        }
    }

    private void heartbeat(AttachedAgent known, Heartbeat heartbeat) {
        writer.control(Orders.heard(heartbeat));
        reception.heartbeat(known, Messages.reports(heartbeat), heartbeat.getActiveTasks());
    }

    private void goodbye(AttachedAgent known) {
        if (!known.leaving()) { // once is enough, and all that the lane is to be asked for
            reception.goodbye(known);
        }
    }

    private void wakeResult(AttachedAgent known, WakeResult result) {
        if (StreamTasks.isId(result.getTaskId())) {
            wakes.result(
                    known,
                    new TaskId(result.getTaskId()),
                    Messages.took(result.getTook()),
                    result.hasError() ? Messages.wakeFailure(result.getError()) : null);
        }
    }

    private void sleepResult(AttachedAgent known, SleepResult result) {
        if (StreamTasks.isId(result.getTaskId())) {
            sleeps.result(
                    known,
                    new TaskId(result.getTaskId()),
                    result.hasError() ? Messages.sleepFailure(result.getError()) : null);
        }
    }

    /** The agent has closed its side in order. */
    void completed() {
        end("it closed its stream", out::onCompleted);
    }

    /** The transport has lost it. */
    void ended(String why) {
        end(why, () -> {});
    }

    private void end(String why, Runnable last) {
        if (over.compareAndSet(false, true)) {
            writer.close(last);
            letGo(why);
        }
    }

    private void letGo(String why) {
        AttachedAgent known = agent;
        if (known != null) {
            reception.disconnected(known, why);
        }
        tasks.lost(Failure.retry(Reason.AGENT_LOST, "the agent was lost: " + why, Duration.ofSeconds(1)));
    }

    @Override
    public void close(Failure why) {
        if (over.compareAndSet(false, true)) {
            log.info("stream closed reason={} message={}", why.reason(), why.message());
            writer.close(() -> out.onError(Problems.exception(Messages.status(why))));
            letGo(why.message());
        }
    }

    @Override
    public void wake(TaskId task, LlmName llm) {
        writer.control(Orders.wake(task, llm));
    }

    @Override
    public void sleep(TaskId task, LlmName llm) {
        writer.control(Orders.sleep(task, llm));
    }

    @Override
    public void infer(InferOrder order, TaskEars ears) {
        TaskId task = order.task();
        tasks.begin(task, ears);
        if (over.get()) {
            tasks.lost(Failure.retry(Reason.AGENT_LOST, "the agent was lost", Duration.ofSeconds(1)));
            return;
        }
        writer.control(Orders.infer(order));
        writer.input(task, new InputSource(task, order.input(), conditions.frameBytes(), conditions.windowBytes()));
    }

    @Override
    public void consumed(TaskId task, long bytes) {
        if (tasks.has(task)) {
            writer.window(task, bytes);
        }
    }

    @Override
    public void cancel(TaskId task, Failure why) {
        writer.forget(task);
        writer.control(Orders.cancel(task, why));
    }

    @Override
    public void forget(TaskId task) {
        tasks.forget(task);
    }

    @Override
    public void drain(Duration reconnectWithin, Duration finishWithin) {
        writer.control(Orders.drain(reconnectWithin, finishWithin));
    }
}
