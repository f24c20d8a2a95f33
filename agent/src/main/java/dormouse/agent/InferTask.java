package dormouse.agent;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.InferChunk;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.InferInput;
import dormouse.v1.Usage;
import dormouse.v1.Window;
import io.grpc.Status.Code;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One inference: the body comes in frames, goes to the backend whole, and the answer goes back as it comes.
 *
 * <pre>
 *   INPUT ──last frame──► ASKING ──first byte, or end──► ANSWERING ──end──► ENDING ──InferEnd is out──► OVER
 *     │                      │                               │                ▲
 *     └──────────────────────┴─────── error, cancel ─────────┴────────────────┘
 * </pre>
 *
 * <p>The head is held until the first byte of the body, or its end, is there. What came before an error is sent before
 * it, except after a cancel or a deadline: then nobody wants it. On the loop alone.
 */
final class InferTask implements Outbox.Source, Backend.Listener {
    private static final Duration FIRST_BYTE = Duration.ofMinutes(5);
    private static final Duration IDLE = Duration.ofSeconds(60);
    private static final Duration TOTAL = Duration.ofMinutes(30);
    /** Parsing more than this takes longer than the loop may be held. */
    private static final int PARSED_ON_LOOP = 128 * 1024;
    /** What passes to a backend; credentials never do, whatever the server sends. */
    private static final Set<String> HEADERS = Set.of(
            "accept",
            "traceparent",
            "tracestate",
            "x-request-id",
            "anthropic-version",
            "anthropic-beta",
            "openai-beta");

    /** What a task works with. */
    record Tools(
            Loop loop, Executor workers, Backend backend, BodyBudget bodies, Outbox outbox, long window, int frame) {}

    private enum Phase {
        INPUT,
        ASKING,
        ANSWERING,
        ENDING,
        OVER
    }

    private final Infer infer;
    private final LlmHost host;
    private final LlmConfig llm;
    private final Tools tools;
    private final Runnable over;
    private final InferInputs inputs;
    private final AnswerFlow flow;
    private final UsageSniffer sniffer = new UsageSniffer();
    private final Loop.Timer deadline;
    private final Watchdog idle;
    private Phase phase = Phase.INPUT;
    private Backend.@Nullable Exchange exchange;
    private Loop.@Nullable Timer firstByte;
    private @Nullable InferHead head;
    private @Nullable Status error;
    private boolean bodyCounted;
    private boolean responding;
    private boolean asked;

    /** @param over called once, when the task has ended and the server has been told */
    InferTask(Infer infer, LlmHost host, Tools tools, Runnable over) {
        this.infer = infer;
        this.host = host;
        this.llm = host.config();
        this.tools = tools;
        this.over = over;
        this.inputs = new InferInputs(infer.getInputBytes(), tools.window());
        this.flow = new AnswerFlow(tools.window());
        Duration total = infer.hasTimeout() ? Spans.of(infer.getTimeout()) : TOTAL;
        this.deadline = tools.loop().after(total, () -> giveUp("DEADLINE", "the task's time is over", total));
        Duration idleTimeout = infer.hasIdleTimeout() ? Spans.of(infer.getIdleTimeout()) : IDLE;
        this.idle = new Watchdog(
                tools.loop(),
                idleTimeout,
                () -> giveUp("IDLE_TIMEOUT", "the backend has sent nothing for a while", idleTimeout));
    }

    /** Begins to take the body, or ends at once where it cannot. */
    void start() {
        long size = infer.getInputBytes();
        String wrong = BackendPath.wrong(infer.getPath());
        if (wrong != null) {
            fail(Code.INVALID_ARGUMENT, "MALFORMED", "path \"" + Failures.oneLine(infer.getPath()) + "\" " + wrong);
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
            tools.outbox()
                    .control(AgentMessage.newBuilder()
                            .setWindow(Window.newBuilder()
                                    .setTaskId(infer.getTaskId())
                                    .setConsumed(inputs.tell()))
                            .build());
        }
        if (inputs.isComplete()) {
            phase = Phase.ASKING;
            prepare(inputs.take());
        }
    }

    /** The server has consumed so much of the answer. */
    void consumed(long position) {
        flow.consumed(position);
        tools.outbox().ready(this);
        askForMore();
    }

    /** Ends the task with the server's reason: the backend's connection is closed at once. */
    void cancel(Status reason) {
        abandon(reason);
    }

    /** The stream is gone: ends without a word. */
    void abort() {
        if (phase != Phase.OVER) {
            leaveBackend();
            finish();
        }
    }

    private void prepare(byte[] body) {
        if (body.length == 0 || !isJson(infer.getContentType())) {
            ask(body);
        } else if (body.length <= PARSED_ON_LOOP) {
            try {
                ask(ModelRewrite.rewrite(body, llm.model()));
            } catch (IOException e) {
                malformed(e);
            }
        } else {
            tools.workers().execute(() -> {
                try {
                    byte[] rewritten = ModelRewrite.rewrite(body, llm.model());
                    tools.loop().execute(() -> ask(rewritten));
                } catch (IOException e) {
                    tools.loop().execute(() -> malformed(e));
                }
            });
        }
    }

    private void malformed(IOException why) {
        fail(Code.INVALID_ARGUMENT, "MALFORMED", "the body is not JSON: " + Failures.say(why));
    }

    private void ask(byte[] body) {
        if (phase != Phase.ASKING) {
            return;
        }
        Map<String, String> headers = new LinkedHashMap<>();
        infer.getHeadersMap().forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (HEADERS.contains(lower)) {
                headers.put(lower, value);
            }
        });
        if (llm.apiKey() != null) {
            headers.put("authorization", "Bearer " + llm.apiKey().value());
        }
        Duration patience = infer.hasFirstByteTimeout() ? Spans.of(infer.getFirstByteTimeout()) : FIRST_BYTE;
        firstByte = tools.loop()
                .after(patience, () -> giveUp("FIRST_BYTE_TIMEOUT", "the backend has not begun to answer", patience));
        String url = llm.url() + "/" + infer.getPath();
        exchange = tools.backend().post(new Backend.Call(url, infer.getContentType(), headers, body), this);
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
        head = InferHead.newBuilder()
                .setTaskId(infer.getTaskId())
                .setStatus(status)
                .setContentType(contentType)
                .putAllHeaders(headers)
                .build();
        askForMore();
    }

    @Override
    public void data(ByteString data) {
        asked = false;
        idle.pause();
        if (data.isEmpty()) {
            askForMore();
            return;
        }
        begun();
        host.backendAnswered();
        sniffer.see(data);
        flow.offer(data);
        tools.outbox().ready(this);
        askForMore();
    }

    @Override
    public void end() {
        begun();
        leaveBackend();
        phase = Phase.ENDING;
        tools.outbox().ready(this);
    }

    @Override
    public void failed(String message) {
        fail(Code.UNAVAILABLE, "BACKEND_FAILED", "the backend of " + llm.name() + " failed: " + message);
    }

    private void begun() {
        if (phase == Phase.ASKING) {
            phase = Phase.ANSWERING;
            if (firstByte != null) {
                firstByte.cancel();
            }
        }
    }

    /** Reads on where the window has room; the idle clock runs only meanwhile. */
    private void askForMore() {
        boolean reading = phase == Phase.ASKING || phase == Phase.ANSWERING;
        if (reading && responding && exchange != null && !asked && flow.wantsMore()) {
            asked = true;
            if (phase == Phase.ANSWERING) {
                idle.touch();
            }
            exchange.more();
        }
    }

    private void giveUp(String reason, String message, Duration after) {
        abandon(Problems.status(Code.DEADLINE_EXCEEDED, reason, message + " (" + Spans.say(after) + ")"));
    }

    /** Ends it at once; what has not been sent is dropped. */
    private void abandon(Status why) {
        if (phase == Phase.OVER || (phase == Phase.ENDING && flow.isDrained())) {
            return;
        }
        flow.drop();
        if (flow.sent() == 0) {
            head = null;
        }
        endWith(why);
    }

    /** Ends it after what has come. */
    private void fail(Code code, String reason, String message) {
        if (phase == Phase.ENDING || phase == Phase.OVER) {
            return;
        }
        if (!flow.hasBegun()) {
            head = null;
        }
        endWith(Problems.status(code, reason, message));
    }

    private void endWith(Status why) {
        error = why;
        leaveBackend();
        phase = Phase.ENDING;
        tools.outbox().ready(this);
    }

    private void leaveBackend() {
        forgetBody();
        idle.close();
        if (firstByte != null) {
            firstByte.cancel();
        }
        if (exchange != null) {
            exchange.close();
        }
    }

    private void finish() {
        phase = Phase.OVER;
        deadline.cancel();
        over.run();
    }

    @Override
    public @Nullable AgentMessage next() {
        if (phase != Phase.ANSWERING && phase != Phase.ENDING) {
            return null;
        }
        if (head != null) {
            AgentMessage message = AgentMessage.newBuilder().setInferHead(head).build();
            head = null;
            return message;
        }
        long offset = flow.sent();
        ByteString data = flow.take(tools.frame());
        if (data != null) {
            return AgentMessage.newBuilder()
                    .setInferChunk(InferChunk.newBuilder()
                            .setTaskId(infer.getTaskId())
                            .setOffset(offset)
                            .setData(data))
                    .build();
        }
        if (phase == Phase.ENDING && flow.isDrained()) {
            finish();
            return AgentMessage.newBuilder().setInferEnd(ending()).build();
        }
        return null;
    }

    private InferEnd ending() {
        InferEnd.Builder end =
                InferEnd.newBuilder().setTaskId(infer.getTaskId()).setBytes(flow.sent());
        if (error != null) {
            end.setError(error);
        }
        Usage usage = sniffer.usage();
        if (usage != null) {
            end.setUsage(usage);
        }
        return end.build();
    }

    private static boolean isJson(String contentType) {
        String type = contentType.toLowerCase(Locale.ROOT);
        return type.isEmpty() || type.contains("json");
    }
}
