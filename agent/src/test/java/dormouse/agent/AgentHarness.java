package dormouse.agent;

import com.google.protobuf.ByteString;
import dormouse.v1.AgentMessage;
import dormouse.v1.Infer;
import dormouse.v1.InferEnd;
import dormouse.v1.InferHead;
import dormouse.v1.InferInput;
import dormouse.v1.ServerMessage;
import dormouse.v1.Window;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A whole agent on a real event loop, with a scripted server in front of it. */
final class AgentHarness implements AutoCloseable {
    final ScriptedServer server = new ScriptedServer();
    private final Vertx vertx = Vertx.vertx();
    private @Nullable Agent agent;

    Agent start(LlmConfig... llms) {
        return start(SessionStore.inMemory(), llms);
    }

    Agent start(SessionStore sessions, LlmConfig... llms) {
        return start(sessions, List.of(), llms);
    }

    /** Starts an agent that discovers on these ports. */
    Agent discover(List<Integer> ports, LlmConfig... llms) {
        return start(SessionStore.inMemory(), ports, llms);
    }

    private Agent start(SessionStore sessions, List<Integer> ports, LlmConfig... llms) {
        AgentConfig config = new AgentConfig(
                List.of("in-process"),
                null,
                new Secret("dmt_test"),
                "desk",
                Path.of("unused"),
                !ports.isEmpty(),
                List.of(llms),
                ports);
        try {
            Agent started = Agent.start(
                    config,
                    new Agent.Environment(
                            vertx,
                            server,
                            new SplittableRandom(1),
                            Duration.ofMillis(100),
                            Clock.systemDefaultZone(),
                            Duration.ofMillis(50)),
                    sessions);
            agent = started;
            return started;
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Starts an agent and waits until it is registered. */
    ScriptedServer.Peer attach(LlmConfig... llms) {
        start(llms);
        return attached();
    }

    ScriptedServer.Peer attached() {
        ScriptedServer.Peer peer = server.accept();
        peer.await(AgentMessage::hasHeartbeat, "the heartbeat after the registration");
        return peer;
    }

    static Infer.Builder infer(String task, String llm, int bytes) {
        return Infer.newBuilder()
                .setTaskId(task)
                .setLlm(llm)
                .setPath("chat/completions")
                .setContentType("application/json")
                .setInputBytes(bytes);
    }

    static void ask(ScriptedServer.Peer peer, Infer.Builder infer, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        peer.send(ServerMessage.newBuilder().setInfer(infer.setInputBytes(bytes.length)));
        input(peer, infer.getTaskId(), 0, bytes, true);
    }

    static void ask(ScriptedServer.Peer peer, String task, String llm, String body) {
        ask(peer, infer(task, llm, 0), body);
    }

    static void input(ScriptedServer.Peer peer, String task, long offset, byte[] data, boolean last) {
        peer.send(ServerMessage.newBuilder()
                .setInferInput(InferInput.newBuilder()
                        .setTaskId(task)
                        .setOffset(offset)
                        .setData(ByteString.copyFrom(data))
                        .setLast(last)));
    }

    static void consumed(ScriptedServer.Peer peer, String task, long position) {
        peer.send(ServerMessage.newBuilder()
                .setWindow(Window.newBuilder().setTaskId(task).setConsumed(position)));
    }

    /** Everything that came for one task; where no head came, an empty one. */
    record Answer(InferHead head, String body, int chunks, InferEnd end) {}

    /** Reads a task to its end, and consumes as it goes. */
    static Answer answer(ScriptedServer.Peer peer, String task) {
        InferHead head = InferHead.getDefaultInstance();
        ByteString body = ByteString.EMPTY;
        int chunks = 0;
        while (true) {
            AgentMessage message = peer.await(each -> task.equals(taskOf(each)), "more of task " + task);
            if (message.hasInferHead()) {
                head = message.getInferHead();
            } else if (message.hasInferChunk()) {
                if (message.getInferChunk().getOffset() != body.size()) {
                    throw new AssertionError(
                            "chunk at " + message.getInferChunk().getOffset() + " of " + body.size());
                }
                body = body.concat(message.getInferChunk().getData());
                chunks++;
                consumed(peer, task, body.size());
            } else {
                return new Answer(head, body.toStringUtf8(), chunks, message.getInferEnd());
            }
        }
    }

    static String taskOf(AgentMessage message) {
        return switch (message.getMessageCase()) {
            case INFER_HEAD -> message.getInferHead().getTaskId();
            case INFER_CHUNK -> message.getInferChunk().getTaskId();
            case INFER_END -> message.getInferEnd().getTaskId();
            default -> "";
        };
    }

    @Override
    public void close() {
        if (agent != null) {
            agent.stop(Duration.ofMillis(200));
        }
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
