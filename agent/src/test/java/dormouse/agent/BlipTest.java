package dormouse.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dormouse.agent.ScriptedServer.Peer;
import dormouse.contract.Problems;
import dormouse.v1.AgentMessage;
import dormouse.v1.Cancel;
import dormouse.v1.Drain;
import dormouse.v1.InferEnd;
import dormouse.v1.LlmStatus;
import dormouse.v1.Register;
import dormouse.v1.ServerMessage;
import dormouse.v1.TaskPosition;
import dormouse.v1.Wake;
import dormouse.v1.WakeResult;
import dormouse.v1.Window;
import io.grpc.Status;
import java.net.URI;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that are lost with tasks on them, on a clock that the test moves, with a backend that it plays. */
class BlipTest {
    private static final Recipe BOOT = new Recipe.Command("boot", List.of());
    private static final int WINDOW = 1000;

    /** One request at the backend. */
    private final class Asked implements Backend.Exchange {
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

    private final ManualLoop loop = new ManualLoop();
    private final ScriptedServer server = new ScriptedServer();
    private final List<Asked> asked = new ArrayList<>();
    private final List<CompletableFuture<@Nullable Void>> recipes = new ArrayList<>();
    private boolean up = true;
    private Duration grace = Duration.ofSeconds(10);
    private List<TaskPosition> known = List.of();
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

    @AfterEach
    void close() {
        server.close();
    }

    private Peer attach() {
        return attach(LlmConfig.of("qwen", URI.create("http://x/v1")));
    }

    private Peer attach(LlmConfig llm) {
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

    private Asked ask(Peer peer, String task) {
        AgentHarness.ask(peer, task, "qwen", "{}");
        loop.run();
        return asked.get(asked.size() - 1);
    }

    private void lose(Peer peer) {
        peer.fail(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
        loop.run();
    }

    private static TaskPosition at(String task, long offset, long input, boolean head) {
        return TaskPosition.newBuilder()
                .setTaskId(task)
                .setOffset(offset)
                .setInputOffset(input)
                .setHead(head)
                .build();
    }

    private static Register registration(Peer peer) {
        return peer.await(AgentMessage::hasRegister, "a registration").getRegister();
    }

    private void send(Peer peer, ServerMessage.Builder message) {
        peer.send(message);
        loop.run();
    }

    private void ended(Peer peer, String task) {
        send(
                peer,
                ServerMessage.newBuilder()
                        .setWindow(Window.newBuilder().setTaskId(task).setEnded(true)));
    }

    /** What was said of a task on this stream, in short. */
    private static List<String> said(Peer peer, String task) {
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

    @Test
    void goes_on_with_its_backend_and_sends_what_the_server_has_not_got() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        backend.says("one ");
        backend.says("two ");
        known = List.of(at("t", 4, 2, true)); // "two " is lost with the stream
        peer.fail(Status.UNAVAILABLE.asRuntimeException());
        loop.run();
        backend.says("three");

        Peer next = server.accept();

        assertThat(registration(next).getTasksList()).containsExactly(at("t", 8, 2, true));
        assertThat(said(next, "t")).containsExactly("4:two ", "8:three");
        backend.ends();
        assertThat(said(next, "t")).containsExactly("4:two ", "8:three", "end 13");
        assertThat(asked).hasSize(1);
    }

    @Test
    void a_head_that_was_lost_is_sent_again() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        backend.says("one");
        known = List.of(at("t", 0, 2, false));
        lose(peer);

        Peer next = server.accept();

        assertThat(registration(next).getTasksList()).containsExactly(at("t", 3, 2, true));
        assertThat(said(next, "t")).containsExactly("head", "0:one");
    }

    @Test
    void an_ended_task_is_kept_until_the_server_has_its_end() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        backend.says("one");
        backend.ends();
        assertThat(said(peer, "t")).containsExactly("head", "0:one", "end 3");
        known = List.of(at("t", 0, 2, true));
        lose(peer);

        Peer next = server.accept();
        assertThat(registration(next).getTasksList()).containsExactly(at("t", 3, 2, true));
        assertThat(said(next, "t")).containsExactly("0:one", "end 3");
        ended(next, "t");
        known = List.of();
        lose(next);
        loop.advance(Duration.ofSeconds(2));
        assertThat(registration(server.accept()).getTasksList()).as("forgotten").isEmpty();
    }

    @Test
    void while_it_is_suspended_the_backend_is_read_as_far_as_the_window_allows() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        server.registrar = register -> null; // the next stream is not answered
        lose(peer);
        for (int i = 0; i < 30; i++) {
            backend.says("x".repeat(100));
        }

        assertThat(backend.pieces)
                .as("pieces of 100 bytes that it was not asked for")
                .hasSize(20);
        assertThat(backend.closed).isFalse();
    }

    @Test
    void an_input_goes_on_and_what_was_consumed_is_said_again() {
        Peer peer = attach();
        byte[] body = ("{\"a\":\"" + "x".repeat(1500) + "\"}").getBytes(StandardCharsets.UTF_8);
        peer.send(ServerMessage.newBuilder().setInfer(AgentHarness.infer("t", "qwen", body.length)));
        AgentHarness.input(peer, "t", 0, java.util.Arrays.copyOf(body, 700), false);
        loop.run();
        known = List.of(at("t", 0, 700, false));
        lose(peer);

        Peer next = server.accept();
        assertThat(registration(next).getTasksList()).containsExactly(at("t", 0, 700, false));
        assertThat(next.await(AgentMessage::hasWindow, "what it has")
                        .getWindow()
                        .getConsumed())
                .isEqualTo(700);
        AgentHarness.input(next, "t", 700, java.util.Arrays.copyOfRange(body, 700, body.length), true);
        loop.run();
        assertThat(asked).hasSize(1);
    }

    @Test
    void what_the_server_does_not_know_is_dropped_and_the_backend_left() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        backend.says("one");
        lose(peer);

        Peer next = server.accept();

        assertThat(backend.closed).isTrue();
        assertThat(said(next, "t")).isEmpty();
    }

    @Test
    void after_the_grace_it_is_dropped() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        server.registrar = register -> null;
        lose(peer);
        loop.advance(Duration.ofMillis(9_999));
        assertThat(backend.closed).isFalse();
        loop.advance(Duration.ofMillis(1));
        assertThat(backend.closed).isTrue();
    }

    @Test
    void tries_are_at_most_2_s_apart_meanwhile() {
        Peer peer = attach();
        ask(peer, "t");
        server.refusal = Status.UNAVAILABLE.asRuntimeException();
        lose(peer);
        server.streams.clear();
        for (int i = 0; i < 4; i++) {
            loop.advance(Duration.ofSeconds(2));
            assertThat(server.streams).as("tries in 2 s").isNotEmpty();
            server.streams.clear();
        }
    }

    @Test
    void where_the_server_grants_no_grace_its_tasks_end_with_the_stream() {
        grace = Duration.ZERO;
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        lose(peer);

        assertThat(backend.closed).isTrue();
        assertThat(registration(server.accept()).getTasksList()).isEmpty();
    }

    @Test
    void a_position_that_cannot_be_ends_that_task_alone() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        backend.says("one");
        Asked other = ask(peer, "u");
        other.begin();
        other.says("two");
        known = List.of(at("t", 100, 2, true), at("u", 3, 2, true));
        lose(peer);

        Peer next = server.accept();
        assertThat(said(next, "t")).containsExactly("end 3 MALFORMED");
        assertThat(backend.closed).isTrue();
        other.says("!");
        assertThat(said(next, "u")).containsExactly("3:!");
    }

    @Test
    void a_cancel_after_the_blip_ends_it() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        backend.says("one");
        known = List.of(at("t", 3, 2, true));
        lose(peer);
        Peer next = server.accept();
        send(
                next,
                ServerMessage.newBuilder()
                        .setCancel(Cancel.newBuilder()
                                .setTaskId("t")
                                .setReason(Problems.status(Status.Code.CANCELLED, "CLIENT_GONE", "gone"))));

        assertThat(backend.closed).isTrue();
        assertThat(said(next, "t")).containsExactly("end 3 CLIENT_GONE");
    }

    @Test
    void the_tasks_of_a_drained_stream_end_with_it() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        backend.begin();
        send(
                peer,
                ServerMessage.newBuilder()
                        .setDrain(Drain.newBuilder()
                                .setReconnectWithin(Spans.proto(Duration.ofMillis(1)))
                                .setFinishWithin(Spans.proto(Duration.ofSeconds(30)))));
        loop.advance(Duration.ofMillis(1));
        Peer next = server.accept();
        assertThat(registration(next).getTasksList())
                .as("they finish on the old stream")
                .isEmpty();
        backend.says("old");
        assertThat(said(peer, "t")).containsExactly("head", "0:old");
        lose(peer);
        assertThat(backend.closed).isTrue();
    }

    @Test
    void a_session_that_is_refused_takes_its_tasks_along() {
        Peer peer = attach();
        Asked backend = ask(peer, "t");
        server.refusal = Problems.exception(
                Problems.status(Status.Code.ALREADY_EXISTS, "SESSION_IN_USE", "another process has it"));
        lose(peer);
        server.refusal = null;
        loop.run();

        assertThat(backend.closed).isTrue();
    }

    private LlmConfig sleeper() {
        up = false;
        return new LlmConfig(
                "qwen",
                URI.create("http://x/v1"),
                "qwen",
                BackendType.OPENAI,
                null,
                "",
                4,
                Map.of(),
                new LlmConfig.Available(null, Duration.ofSeconds(2)),
                new LlmConfig.Wake(BOOT, Duration.ofSeconds(60)),
                null,
                null);
    }

    private static WakeResult result(Peer peer) {
        return peer.await(AgentMessage::hasWakeResult, "the wake's result").getWakeResult();
    }

    private void wake(Peer peer) {
        send(
                peer,
                ServerMessage.newBuilder()
                        .setWake(Wake.newBuilder().setTaskId("w").setLlm("qwen")));
    }

    @Test
    void a_wake_goes_on_and_is_joined_on_the_next_stream() {
        Peer peer = attach(sleeper());
        wake(peer);
        assertThat(recipes).hasSize(1);
        lose(peer);
        Peer next = server.accept();
        assertThat(registration(next).getLlms(0).getInitialStatus()).isEqualTo(LlmStatus.LLM_STATUS_HIBERNATING);
        wake(next);
        up = true;
        recipes.get(0).complete(null);
        loop.advance(Duration.ofSeconds(1));

        assertThat(result(next).hasError()).isFalse();
        assertThat(recipes).hasSize(1);
    }

    @Test
    void a_wake_that_failed_meanwhile_is_not_run_again() {
        Peer peer = attach(sleeper());
        wake(peer);
        lose(peer);
        recipes.get(0).completeExceptionally(new RecipeFailed("no light", "no light"));
        loop.run();
        Peer next = server.accept();
        wake(next);

        assertThat(Problems.reason(result(next).getError())).isEqualTo("WAKE_FAILED");
        assertThat(recipes).hasSize(1);
    }
}
