package dormouse.server.link;

import dormouse.contract.Problems;
import dormouse.server.auth.Caller;
import dormouse.server.control.AgentLine;
import dormouse.server.control.AttachedAgent;
import dormouse.server.control.InferOrder;
import dormouse.server.control.Reception;
import dormouse.server.control.Registered;
import dormouse.server.control.Registration;
import dormouse.server.control.Sleeps;
import dormouse.server.control.TaskEars;
import dormouse.server.control.TaskLine;
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
import dormouse.v1.TaskPosition;
import dormouse.v1.WakeResult;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.List;
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
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Logger log = LoggerFactory.getLogger(AgentStream.class);

    private static final int MOST_UNANSWERED = 8;

    private final ServerCallStreamObserver<ServerMessage> out;
    private final Caller caller;
    private final Reception reception;
    private final Wakes wakes;
    private final Sleeps sleeps;
    private final SuspendedTasks suspended;
    private final AgentLink.Conditions conditions;
    private final StreamWriter writer;
    private final StreamTasks tasks;
    private final AtomicBoolean over = new AtomicBoolean();
    private final Object handover = new Object(); // held while its tasks go to where they wait
    private final AtomicInteger unanswered = new AtomicInteger();
    private boolean registering; // by the transport's thread
    private List<TaskPosition> named = List.of(); // in its first Register; handed over by the lane
    private volatile boolean early; // it said goodbye before it was registered
    private volatile @Nullable AttachedAgent agent;
    private volatile Runnable whenOver = () -> {};

    AgentStream(
            ServerCallStreamObserver<ServerMessage> out,
            Caller caller,
            AgentLink.Inside inside,
            AgentLink.Conditions conditions) {
        this.out = out;
        this.caller = caller;
        this.reception = inside.reception();
        this.wakes = inside.wakes();
        this.sleeps = inside.sleeps();
        this.suspended = inside.suspended();
        this.conditions = conditions;
        this.writer = new StreamWriter(
                out,
                () -> close(Failure.of(
                        Reason.OVERLOADED,
                        "the agent does not read: " + StreamWriter.MOST_CONTROL + " messages wait for it")));
        this.tasks = new StreamTasks(writer, conditions.frameBytes());
    }

    /** Happens once, when it has ended, whoever has ended it; to be said before it begins. */
    void whenOver(Runnable then) {
        whenOver = then;
    }

    void ready() {
        writer.write();
    }

    void receive(AgentMessage message) {
        if (over.get()) {
            reception.late(); // of a stream that is fenced or closed: dropped
            return;
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
            registration = Messages.registration(register, caller);
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
            named = register.getTasksList();
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
                reception.disconnected(mine, "its connection was lost", true);
                return;
            }
            Resumption resumption =
                    new Resumption(suspended.take(mine.session()), named, accepted.sameProcess(), tasks);
            named = List.of();
            writer.open(Orders.registered(accepted, conditions, suspended.grace(), resumption.positions()));
            resumption.goOn(writer);
            suspended.countResumed(resumption.tasks());
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
            writer.control(Orders.registered(accepted, conditions, suspended.grace(), List.of()));
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

    /** The time that it had asked for is over, unless it has thought better of leaving. */
    void leave(Duration within) {
        AttachedAgent known = agent;
        if (known != null && known.leaving()) {
            close(Failure.of(
                    Reason.AGENT_LOST, "the agent said goodbye, and was not gone within " + within.toSeconds() + " s"));
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
        end("it closed its stream", Reason.AGENT_LOST, false, out::onCompleted);
    }

    /** The transport has lost it. */
    void ended(String why) {
        end(why, Reason.AGENT_LOST, true, () -> {});
    }

    @Override
    public void close(Failure why) {
        boolean ended = end(
                why.message(),
                why.reason(),
                why.reason() == Reason.SESSION_FENCED,
                () -> out.onError(Problems.exception(Messages.status(why))));
        if (ended) {
            log.info("stream closed reason={} message={}", why.reason(), why.message());
        }
    }

    /**
     * @param reason of its end, which its tasks share where it is the server that goes
     * @param mayReturn whether its tasks wait for the session's next stream
     */
    private boolean end(String why, Reason reason, boolean mayReturn, Runnable last) {
        Suspended waiting = null;
        if (mayReturn) {
            synchronized (handover) { // whoever fences it off has its tasks waiting when this is over
                if (!over.compareAndSet(false, true)) {
                    return false;
                }
                AttachedAgent known = agent;
                if (known != null && !known.finishing()) {
                    writer.halt();
                    waiting = suspended.suspend(known.session(), tasks);
                }
            }
        } else if (!over.compareAndSet(false, true)) {
            return false;
        }
        whenOver.run();
        writer.close(last);
        AttachedAgent known = agent;
        if (known != null) {
            reception.disconnected(known, why, mayReturn && !known.finishing());
        }
        Failure lost = reason == Reason.REPLICA_DRAINING
                ? Failure.retry(reason, why, SOON)
                : SuspendedTasks.lost("the agent was lost: " + why);
        if (waiting != null && known != null) {
            log.info("tasks suspended session={} tasks={}", known.session(), waiting.size());
            waiting.tell(lost);
        }
        tasks.lost(lost);
        return true;
    }

    @Override
    public boolean isOpen() {
        return !over.get();
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
    public TaskLine infer(InferOrder order, TaskEars ears) {
        StreamTask task = new StreamTask(order, ears, tasks, conditions.frameBytes(), conditions.windowBytes());
        tasks.begin(task);
        if (over.get()) {
            task.lose(tasks, SuspendedTasks.lost("the agent was lost"));
        } else {
            task.send(writer);
        }
        return task;
    }

    @Override
    public void cancel(TaskId wake, Failure why) {
        writer.control(Orders.cancel(wake, why));
    }

    @Override
    public void probe() {
        writer.control(Orders.probe());
    }

    @Override
    public void drain(Duration reconnectWithin, Duration finishWithin) {
        writer.control(Orders.drain(reconnectWithin, finishWithin));
    }
}
