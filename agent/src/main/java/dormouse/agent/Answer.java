package dormouse.agent;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import dormouse.v1.AgentMessage;
import dormouse.v1.InferChunk;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.TaskPosition;
import dormouse.v1.Usage;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one task has to say: the head, the bytes, the end. All of it can be said again from where the server has it, when a
 * stream was lost with some of it on the way. On the loop alone.
 */
final class Answer {
    private final String task;
    private final AnswerFlow flow;
    private final UsageSniffer sniffer = new UsageSniffer();
    private @Nullable InferHead head;
    private @Nullable Status error;
    private boolean headSent;

    Answer(String task, long window) {
        this.task = task;
        this.flow = new AnswerFlow(window);
    }

    void head(int status, String contentType, Map<String, String> headers) {
        head = InferHead.newBuilder()
                .setTaskId(task)
                .setStatus(status)
                .setContentType(contentType)
                .putAllHeaders(headers)
                .build();
    }

    void offer(ByteString data) {
        sniffer.see(data);
        flow.offer(data);
    }

    boolean wantsMore() {
        return flow.wantsMore();
    }

    void consumed(long position) {
        flow.consumed(position);
    }

    /** It ends by an error, after what has come. */
    void breakOff(Status why) {
        error = why;
        if (!flow.hasBegun()) {
            head = null;
        }
    }

    /** It ends by an error, at once: what has not been sent is dropped. */
    void cutOff(Status why) {
        error = why;
        flow.drop();
        if (flow.sent() == 0 && !headSent) {
            head = null;
        }
    }

    /** Whether all that has come is sent. */
    boolean isDrained() {
        return flow.isDrained();
    }

    /** The head, or the next bytes; null where there is nothing to send now. */
    @Nullable
    AgentMessage next(int frame) {
        if (head != null && !headSent) {
            headSent = true;
            return AgentMessage.newBuilder().setInferHead(head).build();
        }
        long offset = flow.sent();
        ByteString data = flow.take(frame);
        return data == null
                ? null
                : AgentMessage.newBuilder()
                        .setInferChunk(InferChunk.newBuilder()
                                .setTaskId(task)
                                .setOffset(offset)
                                .setData(data))
                        .build();
    }

    /** What comes last. */
    AgentMessage end() {
        InferEnd.Builder end = InferEnd.newBuilder().setTaskId(task).setBytes(flow.sent());
        if (error != null) {
            end.setError(error);
        }
        Usage usage = sniffer.usage();
        if (usage != null) {
            end.setUsage(usage);
        }
        return AgentMessage.newBuilder().setInferEnd(end).build();
    }

    /** How far it has been sent. */
    TaskPosition.Builder position() {
        return TaskPosition.newBuilder().setTaskId(task).setOffset(flow.sent()).setHead(headSent);
    }

    /** Goes back to what the server has of it; false where that can't be. */
    boolean rewind(TaskPosition has) {
        boolean possible = (headSent || !has.getHead()) && flow.rewind(has.getOffset());
        headSent = has.getHead();
        return possible;
    }
}
