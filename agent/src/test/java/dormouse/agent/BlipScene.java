package dormouse.agent;

import com.google.protobuf.ByteString;
import dormouse.agent.ScriptedServer.Peer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.InferEnd;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import dormouse.v1.TaskPosition;
import dormouse.v1.Window;
import io.grpc.Status;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An agent that loses its streams, on a clock that the test moves, before a server and with a backend that it plays. */
final class BlipScene implements AutoCloseable {
    private static final int WINDOW = 1000;

    /** One request at the backend. */
    final class Asked implements Backend.Exchange {
        final Backend.Listener listener;
        final Queue<Runnable> pieces = new ArrayDeque<>();
        int wanted;
        boolean closed;

        Asked(Backend.Listener listener) {
            this.listener = listener;
        }

        void begin() {
            listener.head(200, "text/plain", Map.of());
            loop.run();
        }

        void says(String text) {
            pieces.add(() -> listener.data(ByteString.copyFromUtf8(text)));
            hand();
        }

        void ends() {
            pieces.add(listener::end);
            hand();
        }

        @Override
        public void more() {
            wanted++;
            loop.execute(this::hand);
        }

        private void hand() {
            while (wanted > 0 && !pieces.isEmpty() && !closed) {
                wanted--;
                pieces.remove().run();
            }
            loop.run();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    final ManualLoop loop = new ManualLoop();
    final ScriptedServer server = new ScriptedServer();
    final List<Asked> asked = new ArrayList<>();
    final List<CompletableFuture<@Nullable Void>> recipes = new ArrayList<>();
    boolean up = true;
    Duration grace = Duration.ofSeconds(10);
    List<TaskPosition> known = List.of();
    private Link link = link();
    private final Hosts hosts = new Hosts(llm -> new LlmHost(
            llm,
            new LlmHost.Surroundings(
                    loop,
                    probed -> CompletableFuture.completedFuture(new Availability(up, "told so")),
                    (recipe, limit) -> {
                        CompletableFuture<@Nullable Void> run = new CompletableFuture<>();
                        recipes.add(run);
                        return run;
                    },
                    Duration.ofSeconds(15),
                    Clock.systemUTC(),
                    () -> link.statusChanged())));

    private Link link() {
        return new Link(
                new AgentParts(
                        loop,
                        Runnable::run,
                        (call, listener) -> {
                            Asked one = new Asked(listener);
                            asked.add(one);
                            return one;
                        },
                        hosts(),
                        new BodyBudget(),
                        server,
                        new Errands()),
                new Link.Identity("desk", "instance-1", null),
                new SessionKeeper(SessionStore.inMemory(), null, Runnable::run),
                new Random(1));
    }

    private Hosts hosts() {
        return hosts;
    }

    @Override
    public void close() {
        server.close();
    }

    Peer attach() {
        return attach(LlmConfig.of("qwen", URI.create("http://x/v1")));
    }

    Peer attach(LlmConfig llm) {
        server.registrar = register -> ServerMessage.newBuilder()
                .setRegistered(ScriptedServer.registered(register, WINDOW)
                        .setResumeGrace(Spans.proto(grace))
                        .addAllTasks(known))
                .build();
        var unused = hosts.publish(List.of(llm));
        link = link();
        link.start();
        loop.run();
        return server.accept();
    }

    Asked ask(Peer peer, String task) {
        AgentHarness.ask(peer, task, "qwen", "{}");
        loop.run();
        return asked.get(asked.size() - 1);
    }

    void lose(Peer peer) {
        peer.fail(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
        loop.run();
    }

    static TaskPosition at(String task, long offset, long input, boolean head) {
        return TaskPosition.newBuilder()
                .setTaskId(task)
                .setOffset(offset)
                .setInputOffset(input)
                .setHead(head)
                .build();
    }

    static Register registration(Peer peer) {
        return peer.await(AgentMessage::hasRegister, "a registration").getRegister();
    }

    void send(Peer peer, ServerMessage.Builder message) {
        peer.send(message);
        loop.run();
    }

    void ended(Peer peer, String task) {
        send(
                peer,
                ServerMessage.newBuilder()
                        .setWindow(Window.newBuilder().setTaskId(task).setEnded(true)));
    }

    /** What was said of a task on this stream, in short. */
    static List<String> said(Peer peer, String task) {
        List<String> said = new ArrayList<>();
        for (AgentMessage message : List.copyOf(peer.received)) {
            if (message.hasInferHead() && message.getInferHead().getTaskId().equals(task)) {
                said.add("head");
            } else if (message.hasInferChunk()
                    && message.getInferChunk().getTaskId().equals(task)) {
                said.add(message.getInferChunk().getOffset() + ":"
                        + message.getInferChunk().getData().toStringUtf8());
            } else if (message.hasInferEnd()
                    && message.getInferEnd().getTaskId().equals(task)) {
                InferEnd end = message.getInferEnd();
                said.add("end " + end.getBytes() + (end.hasError() ? " " + Problems.reason(end.getError()) : ""));
            }
        }
        return said;
    }
}
