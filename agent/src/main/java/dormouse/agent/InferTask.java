package dormouse.agent;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.form.BodyType;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.InferInput;
import dormouse.v1.TaskPosition;
import dormouse.v1.Window;
import io.grpc.Status.Code;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One inference: the body comes in frames, goes to the backend whole, and the answer goes back as it comes.
 *
 * <pre>
 *   INPUT ──last frame──► ASKING ──first byte, or end──► ANSWERING ──end──► ENDING ──InferEnd is out──► SAID ──► OVER
 *     │                      │                               │                ▲ ▲                        │ has arrived
 *     └──────────────────────┴─────── error, cancel ─────────┴────────────────┘ └─ the stream was lost ──┘
 * </pre>
 *
 * <p>The head is held until the first byte of the body, or its end, is there. What came before an error is sent before
 * it, except after a cancel or a deadline: then nobody wants it. Where its stream is lost it goes on with its backend, and
 * says on the next stream what the server has not got. On the loop alone.
 */
final class InferTask implements Outbox.Source, Backend.Listener {
    /**
     * What a task works with.
     *
     * @param kept whether it stays until the server is known to have its end
     */
    record Tools(
            Loop loop, Executor workers, Backend backend, BodyBudget bodies, long window, int frame, boolean kept) {}

    /** Where a task is: on a stream, or between two. */
    interface Place {
        void control(AgentMessage message);

        /** It has something to send. */
        void ready(Outbox.Source source);

        /** It has ended, and its InferEnd is on its way; told once. */
        void ended(InferTask task);
    }

    private enum Phase {
        INPUT,
        ASKING,
        ANSWERING,
        ENDING,
        SAID,
        OVER
    }

    private final Infer infer;
    private final LlmHost host;
    private final LlmConfig llm;
    private final Tools tools;
    private final InferInputs inputs;
    private final Answer answer;
    private final TaskClocks clocks;
    private Phase phase = Phase.INPUT;
    private Backend.@Nullable Exchange exchange;
    private Place place;
    private boolean endTold;
    private boolean bodyCounted;
    private boolean responding;
    private boolean asked;

    InferTask(Infer infer, LlmHost host, Tools tools, Place place) {
        this.infer = infer;
        this.host = host;
        this.llm = host.config();
        this.tools = tools;
        this.place = place;
        this.inputs = new InferInputs(infer.getInputBytes(), tools.window());
        this.answer = new Answer(infer.getTaskId(), tools.window());
        this.clocks = new TaskClocks(tools.loop(), infer, this::abandon);
    }

    /** Begins to take the body, or ends at once where it cannot. */
    void start() {
        long size = infer.getInputBytes();
        String wrong = BackendPath.wrong(infer.getPath());
        String type = infer.getContentType();
        String wrongType = type.isEmpty() ? null : BodyType.wrong(type, size == 0);
        if (wrong != null) {
            fail(Code.INVALID_ARGUMENT, "MALFORMED", "path \"" + Failures.oneLine(infer.getPath()) + "\" " + wrong);
        } else if (wrongType != null) {
            fail(Code.INVALID_ARGUMENT, "MALFORMED", "content_type: " + wrongType);
        } else if (size < 0 || size > BodyBudget.LARGEST_BODY) {
            fail(
                    Code.RESOURCE_EXHAUSTED,
                    "TOO_LARGE",
                    "a body of " + size + " bytes; the agent takes up to " + BodyBudget.LARGEST_BODY);
        } else if (!tools.bodies().take(size)) {
            fail(Code.UNAVAILABLE, "OVERLOADED", "the agent holds as many request bodies as it may");
        } else {
            bodyCounted = true;
        }
    }

    /** A frame of the body. */
    void input(InferInput frame) {
        if (phase != Phase.INPUT) {
            return; // sent before the server knew that the task has ended
        }
        String wrong = inputs.add(frame);
        if (wrong != null) {
            fail(Code.INVALID_ARGUMENT, "MALFORMED", wrong);
            return;
        }
        if (inputs.isDueToTell()) {
            tellConsumed();
        }
        if (inputs.isComplete()) {
            phase = Phase.ASKING;
            BackendBody.make(
                    inputs.take(),
                    infer.getContentType(),
                    llm.model(),
                    tools.loop(),
                    tools.workers(),
                    this::ask,
                    why -> fail(
                            Code.INVALID_ARGUMENT,
                            "MALFORMED",
                            "the body is not what its content type says: " + Failures.say(why)));
        }
    }

    private void tellConsumed() {
        place.control(AgentMessage.newBuilder()
                .setWindow(Window.newBuilder().setTaskId(infer.getTaskId()).setConsumed(inputs.tell()))
                .build());
    }

    String id() {
        return infer.getTaskId();
    }

    /** Its stream is lost. */
    void moveTo(Place next) {
        place = next;
    }

    /** How far it has come, as far as the agent knows. */
    TaskPosition position() {
        return answer.position().setInputOffset(inputs.received()).build();
    }

    /** Goes on in another stream, from what the server has of it. */
    void resume(Place next, TaskPosition has) {
        place = next;
        if (phase == Phase.SAID) {
            phase = Phase.ENDING; // whether that has arrived is not known
        }
        TaskPosition mine = position();
        if (!answer.rewind(has) || has.getInputOffset() != inputs.received()) {
            answer.cutOff(Problems.status(
                    Code.INVALID_ARGUMENT,
                    "MALFORMED",
                    "Registered.tasks: " + say(has) + " can't be, where the agent says " + say(mine)));
            leaveBackend();
            phase = Phase.ENDING;
        }
        if (phase == Phase.INPUT && inputs.received() > 0) {
            tellConsumed();
        }
        place.ready(this);
    }

    private static String say(TaskPosition position) {
        return "offset=" + position.getOffset() + " input_offset=" + position.getInputOffset() + " head="
                + position.getHead();
    }

    /** The server has its end. */
    void arrived() {
        if (phase == Phase.SAID) {
            phase = Phase.OVER;
        }
    }

    /** Whether the server has been told of its end. */
    boolean hasEnded() {
        return endTold;
    }

    /** The server has consumed so much of the answer. */
    void consumed(long position) {
        answer.consumed(position);
        place.ready(this);
        askForMore();
    }

    /** Ends the task with the server's reason: the backend's connection is closed at once. */
    void cancel(Status reason) {
        abandon(reason);
    }

    /** The stream is gone: ends without a word. */
    void abort() {
        if (phase == Phase.SAID) {
            phase = Phase.OVER;
        } else if (phase != Phase.OVER) {
            leaveBackend();
            phase = Phase.OVER;
            finish();
        }
    }

    private void ask(byte[] body) {
        if (phase != Phase.ASKING) {
            return;
        }
        clocks.backendAsked();
        exchange = tools.backend().post(Backend.Call.of(infer, llm, body), this);
    }

    private void forgetBody() {
        if (bodyCounted) {
            bodyCounted = false;
            tools.bodies().giveBack(infer.getInputBytes());
        }
    }

    @Override
    public void head(int status, String contentType, Map<String, String> headers) {
        responding = true;
        forgetBody();
        answer.head(status, contentType, headers);
        askForMore();
    }

    @Override
    public void data(ByteString data) {
        asked = false;
        clocks.notReading();
        if (data.isEmpty()) {
            askForMore();
            return;
        }
        begun();
        host.backendAnswered();
        answer.offer(data);
        place.ready(this);
        askForMore();
    }

    @Override
    public void end() {
        begun();
        leaveBackend();
        phase = Phase.ENDING;
        place.ready(this);
    }

    @Override
    public void failed(String message) {
        fail(Code.UNAVAILABLE, "BACKEND_FAILED", "the backend of " + llm.name() + " failed: " + message);
    }

    private void begun() {
        if (phase == Phase.ASKING) {
            phase = Phase.ANSWERING;
            clocks.answerBegun();
        }
    }

    /** Reads on where the window has room; the idle clock runs only meanwhile. */
    private void askForMore() {
        boolean reading = phase == Phase.ASKING || phase == Phase.ANSWERING;
        if (reading && responding && exchange != null && !asked && answer.wantsMore()) {
            asked = true;
            if (phase == Phase.ANSWERING) {
                clocks.reading();
            }
            exchange.more();
        }
    }

    /** Ends it at once; what has not been sent is dropped. */
    private void abandon(Status why) {
        if (phase == Phase.SAID || phase == Phase.OVER || (phase == Phase.ENDING && answer.isDrained())) {
            return;
        }
        answer.cutOff(why);
        leave();
    }

    /** Ends it after what has come. */
    private void fail(Code code, String reason, String message) {
        if (phase == Phase.ENDING || phase == Phase.SAID || phase == Phase.OVER) {
            return;
        }
        answer.breakOff(Problems.status(code, reason, message));
        leave();
    }

    private void leave() {
        leaveBackend();
        phase = Phase.ENDING;
        place.ready(this);
    }

    private void leaveBackend() {
        forgetBody();
        clocks.backendLeft();
        if (exchange != null) {
            exchange.close();
        }
    }

    private void finish() {
        phase = tools.kept() && phase == Phase.ENDING ? Phase.SAID : Phase.OVER;
        clocks.close();
        if (!endTold) {
            endTold = true;
            host.taskEnded();
            place.ended(this);
        }
    }

    @Override
    public @Nullable AgentMessage next() {
        if (phase != Phase.ANSWERING && phase != Phase.ENDING) {
            return null;
        }
        AgentMessage message = answer.next(tools.frame());
        if (message == null && phase == Phase.ENDING && answer.isDrained()) {
            finish();
            return answer.end();
        }
        return message;
    }
}
